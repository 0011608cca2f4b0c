// SPDX-License-Identifier: MIT
/* What the client offers: each proxy is asked for until it stands, and again
 * when the server refused it or did not answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/client_internal.h"

#define ANSWER_MS 20000 /* as frp: no answer, ask again */
#define RETRY_MS  30000 /* as frp: refused, ask again */

static void ask(struct client_proxy *p);

static void
on_timer(struct timer *t, void *arg)
{
	struct client_proxy *p = arg;

	(void)t;
	if (p->state == PROXY_REFUSED)
		p->tried = 0; /* a used-up range is gone through again */
	ask(p);
}

static bool
from_range(const struct client_proxy *p)
{
	return p->client->range.first > 0;
}

static void
ask(struct client_proxy *p)
{
	struct msg m = { .type = MSG_NEW_PROXY };
	struct client *c = p->client;

	m.u.new_proxy.name = p->name;
	m.u.new_proxy.type = p->conf->type;
	m.u.new_proxy.metas = p->conf->metas;
	m.u.new_proxy.annotations = p->conf->annotations;
	m.u.new_proxy.use_encryption = p->conf->use_encryption;
	m.u.new_proxy.use_compression = p->conf->use_compression;
	m.u.new_proxy.ours = 1;
	p->type->describe(p->conf, &m.u.new_proxy);
	if (from_range(p))
		m.u.new_proxy.remote_port = p->port;
	p->state = PROXY_WAIT;
	timer_start(&p->timer, c->l, ANSWER_MS, on_timer, p);
	client_send(c, &m);
}

struct client_proxy *
client_proxy_of(struct client *c, const char *name)
{
	struct list *at;

	list_each(at, &c->proxies) {
		struct client_proxy *p =
		    list_item(at, struct client_proxy, at);

		if (name && strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* May another port of the range do better? */
static bool
about_port(const char *error)
{
	static const char *const words[] = { "port already used",
		"port not allowed", "port unavailable" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(error, words[i]))
			return true;
	return false;
}

static void
tell_refused(struct client_proxy *p, const char *error)
{
	const struct client_hooks *h = p->client->hooks;

	timer_start(&p->timer, p->client->l, RETRY_MS, on_timer, p);
	if (h && h->proxy_refused)
		h->proxy_refused(h->arg, p->name, error);
}

static void
next_port(struct client_proxy *p, const char *error)
{
	const struct client_range *r = &p->client->range;
	int count = r->last - r->first + 1;

	if (++p->tried < count) {
		log_debug(p->client->log, "[%s] [%s] port %d: %s, trying "
		    "another", p->client->tag, p->name, p->port, error);
		p->port = r->first + (p->port - r->first + 1) % count;
		ask(p);
		return;
	}
	log_error(p->client->log, "[%s] [%s] start error: the port range %d-%d "
	    "is used up: the server refused all %d ports, the last one with: "
	    "%s; trying again in %d seconds", p->client->tag, p->name,
	    r->first, r->last, count, error, RETRY_MS / 1000);
	tell_refused(p, error);
}

void
client_proxy_answer(struct client *c, const struct msg_new_proxy_resp *m)
{
	struct client_proxy *p = client_proxy_of(c, m->name);

	if (!p || p->state != PROXY_WAIT)
		return;
	if (m->error && *m->error) {
		p->state = PROXY_REFUSED;
		if (from_range(p) && about_port(m->error)) {
			next_port(p, m->error);
			return;
		}
		log_warn(c->log, "[%s] [%s] start error: %s", c->tag,
		    p->name, m->error);
		tell_refused(p, m->error);
		return;
	}
	timer_stop(&p->timer);
	p->state = PROXY_UP;
	p->tried = 0;
	snprintf(p->remote_addr, sizeof(p->remote_addr), "%s",
	    m->remote_addr ? m->remote_addr : "");
	log_info(c->log, "[%s] [%s] start proxy success", c->tag, p->name);
	if (*p->remote_addr) /* frp leaves its users to guess it */
		log_info(c->log, "[%s] [%s] users reach it at [%s]", c->tag,
		    p->name, p->remote_addr);
	if (c->hooks && c->hooks->proxy_up)
		c->hooks->proxy_up(c->hooks->arg, p->name, p->remote_addr);
}

static char *
wire_name(const struct client *c, const char *name)
{
	const char *user = c->conf->user;
	struct buf b = { 0 };

	if (user && *user)
		buf_printf(&b, "%s.", user);
	buf_puts(&b, name);
	buf_text(&b);
	return (char *)b.data; /* off is 0: nothing was taken */
}

void
client_proxies_make(struct client *c)
{
	size_t i;

	for (i = 0; i < c->conf->proxies.n; i++) {
		struct client_proxy *p = mem_new(struct client_proxy);

		p->client = c;
		p->conf = &c->conf->proxies.v[i];
		p->type = proxy_type_of(p->conf->type);
		p->name = wire_name(c, p->conf->name);
		if (from_range(p))
			p->port = c->range.first +
			    (int)(loop_dice() % (unsigned)(c->range.last -
				c->range.first + 1));
		list_add(&c->proxies, &p->at);
	}
}

static void
free_proxy(struct deferred *d)
{
	struct client_proxy *p = list_item(d, struct client_proxy, gone);

	free(p->name);
	free(p);
}

void
client_proxies_free(struct client *c)
{
	while (!list_empty(&c->proxies)) {
		struct client_proxy *p =
		    list_item(c->proxies.next, struct client_proxy, at);

		timer_stop(&p->timer);
		list_del(&p->at);
		loop_defer(c->l, &p->gone, free_proxy);
	}
}

void
client_proxies_start(struct client *c)
{
	struct buf names = { 0 };
	unsigned session = c->session;
	struct list *at;

	list_each(at, &c->proxies) {
		if (buf_len(&names))
			buf_puts(&names, " ");
		buf_puts(&names,
		    list_item(at, struct client_proxy, at)->name);
	}
	if (buf_len(&names))
		log_info(c->log, "[%s] proxy added: [%s]", c->tag,
		    buf_text(&names));
	buf_free(&names);
	list_each(at, &c->proxies)
		if (c->control && c->session == session)
			ask(list_item(at, struct client_proxy, at));
}

void
client_proxies_stop(struct client *c)
{
	struct list *at;

	list_each(at, &c->proxies) {
		struct client_proxy *p =
		    list_item(at, struct client_proxy, at);

		timer_stop(&p->timer);
		p->state = PROXY_NEW;
		p->tried = 0;
	}
}

void
client_proxies_close(struct client *c)
{
	struct msg m = { .type = MSG_CLOSE_PROXY };
	struct list *at;

	list_each(at, &c->proxies) {
		m.u.close_proxy.name =
		    list_item(at, struct client_proxy, at)->name;
		client_send(c, &m);
	}
}
