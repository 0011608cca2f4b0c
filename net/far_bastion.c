// SPDX-License-Identifier: MIT
/* A worker behind a bastion: a client of the bastion in our loop, and in it a
 * visitor without a port.  The bastion's login and the worker behind it come
 * and go each on its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/pace.h"
#include "core/socks5.h"
#include "net/echo.h"
#include "net/far_client.h"
#include "net/far_door.h"
#include "net/far_internal.h"
#include "net/far_words.h"
#include "net/visitor.h"

static const struct pace pace_worker = { .first_ms = 1000, .cap_ms = 60000 };

struct bastion {
	struct far *f;
	struct client_conf conf; /* by far_client_fill */
	struct client_hooks hooks;
	struct client *client;
	struct far_names names;
	struct far_doors *doors;
	bool session;		  /* logged in */
	bool met;		  /* and it was told, see struct far_known */
	struct offer_call *probe; /* is the worker there? */
	struct echo *echo;
	struct timer late, again, gone;
	char why[FAR_TEXT]; /* the worker is gone */
	unsigned tries; /* of the worker, since it was there for long */
	uint64_t up_since;
	struct deferred end;
};

static void look(struct bastion *b);

static struct visitor *
visitor(const struct bastion *b)
{
	return list_item(b->client->visitors.next, struct visitor, at);
}

static void
stop_looking(struct bastion *b)
{
	offer_cancel(b->probe);
	b->probe = NULL;
	echo_close(b->echo);
	b->echo = NULL;
	timer_stop(&b->late);
	timer_stop(&b->again);
	timer_stop(&b->gone);
}

static void
give_up(struct bastion *b, const char *why)
{
	stop_looking(b);
	far_doors_stop(b->doors);
	client_free(b->client);
	b->client = NULL;
	b->session = false;
	far_enter(b->f, FAR_OVER, why, 0);
}

static void
remotes_down(struct bastion *b, const char *why)
{
	size_t i;

	for (i = 0; i < b->f->conf->nremotes; i++)
		far_remote(b->f, i, NULL, why);
}

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	look(arg);
}

static void
on_gone(struct timer *t, void *arg)
{
	struct bastion *b = arg;
	uint32_t ms;

	(void)t;
	if (b->f->conf->once) {
		give_up(b, b->why);
		return;
	}
	stop_looking(b);
	if (b->f->state == FAR_UP &&
	    loop_now(b->f->l) - b->up_since >= FAR_STEADY_MS)
		b->tries = 0;
	ms = pace_wait(&pace_worker, b->tries++, loop_dice());
	timer_start(&b->again, b->f->l, ms, on_again, b);
	far_enter(b->f, FAR_WAITING, b->why, ms);
}

/* If it is the bastion that is lost, that is told next, and is the reason. */
static void
worker_lost(struct bastion *b)
{
	stop_looking(b);
	far_doors_stop(b->doors);
	timer_start(&b->gone, b->f->l, 0, on_gone, b);
}

static void
worker_there(struct bastion *b)
{
	if (b->f->state == FAR_UP)
		return;
	b->up_since = loop_now(b->f->l);
	far_doors_start(b->doors, visitor(b));
	far_step(b->f, "worker '%s' found", b->f->conf->worker);
	far_enter(b->f, FAR_UP, NULL, 0);
}

static void
on_echo(void *arg, int64_t us, const char *why)
{
	struct bastion *b = arg;

	if (us >= 0) {
		far_rtt(b->f, us);
		return;
	}
	far_words_lost(b->why, &b->names, why);
	worker_lost(b);
}

static void
on_looked(void *arg, struct stream *s, const char *error)
{
	struct bastion *b = arg;
	bool answered = s || offer_code(b->probe) != SOCKS5_OK;

	b->probe = NULL;
	timer_stop(&b->late);
	if (!answered) {
		far_words_worker(b->why, &b->names, error);
		worker_lost(b);
		return;
	}
	/* one of old knows no echo, but its no is an answer as well */
	if (s)
		b->echo = echo_new(b->f->l, s, on_echo, b);
	else
		timer_start(&b->again, b->f->l, ECHO_EVERY_MS, on_again, b);
	worker_there(b);
}

static void
on_late(struct timer *t, void *arg)
{
	struct bastion *b = arg;

	(void)t;
	far_words_lost(b->why, &b->names, "no answer within 15 seconds");
	worker_lost(b);
}

static void
look(struct bastion *b)
{
	static const struct offer_want echo = { .host = OFFER_ECHO,
		.port = 7 };

	stop_looking(b);
	timer_start(&b->late, b->f->l, ECHO_LATE_MS, on_late, b);
	b->probe = offer_call(visitor(b), &echo, on_looked, b);
	if (b->f->state == FAR_UP)
		return;
	far_step(b->f, "looking for '%s'", b->f->conf->worker);
	far_enter(b->f, FAR_CONNECTING, NULL, 0);
}

static void
on_stage(void *arg, enum client_stage now)
{
	struct bastion *b = arg;

	if (now == CLIENT_LOGIN) {
		far_step(b->f, "authenticating");
		return;
	}
	far_step(b->f, "connecting to '%s'", b->names.bastion);
	far_enter(b->f, FAR_CONNECTING, NULL, 0);
}

/* false: it has been given up. */
static bool
meet(struct bastion *b)
{
	struct far_known *k = b->f->conf->known;
	struct buf note = { 0 };
	bool good;

	if (!k || b->met)
		return true;
	good = k->met(k->arg, client_peer(b->client), &note);
	b->met = true;
	if (!good)
		give_up(b, buf_text(&note));
	else if (buf_len(&note))
		far_note(b->f, buf_text(&note));
	buf_free(&note);
	return good && !b->f->freed;
}

static void
on_ready(void *arg)
{
	struct bastion *b = arg;

	if (!meet(b))
		return;
	b->session = true;
	b->tries = 0;
	if (b->f->conf->plain)
		far_enter(b->f, FAR_UP, NULL, 0);
	else
		look(b);
}

static void
on_lost(void *arg, enum client_stage in, const char *why, uint64_t ms)
{
	struct bastion *b = arg;
	char text[FAR_TEXT];

	b->session = false;
	stop_looking(b);
	far_doors_stop(b->doors);
	far_words_bastion(text, &b->names, b->client, in, why);
	remotes_down(b, text);
	if (b->f->conf->once && !b->f->freed)
		give_up(b, text);
	else
		far_enter(b->f, FAR_WAITING, text, ms);
}

/* Its name ends so. */
static size_t
index_of(const char *proxy)
{
	return strtoul(strrchr(proxy, '-') + 1, NULL, 10);
}

static void
on_proxy_up(void *arg, const char *proxy, const char *at)
{
	struct bastion *b = arg;
	const char *host = b->conf.server_addr;
	struct buf text = { 0 };

	/* servers say ":6000" of a port on all their addresses */
	if (*at == ':')
		buf_printf(&text, strchr(host, ':') ? "[%s]" : "%s", host);
	buf_puts(&text, at);
	far_remote(b->f, index_of(proxy), buf_text(&text), NULL);
	buf_free(&text);
}

static void
on_proxy_refused(void *arg, const char *proxy, const char *error)
{
	struct bastion *b = arg;

	far_remote(b->f, index_of(proxy), NULL, error);
}

static void
free_bastion(struct deferred *d)
{
	struct bastion *b = list_item(d, struct bastion, end);

	far_client_release(&b->conf);
	far_doors_free(b->doors);
	free(b);
}

static void
stop(struct far *f)
{
	struct bastion *b = f->own;

	stop_looking(b);
	far_doors_stop(b->doors);
	client_free(b->client);
	b->client = NULL;
	loop_defer(f->l, &b->end, free_bastion);
}

static int
start(struct far *f, struct buf *why)
{
	struct bastion *b = mem_new(struct bastion);

	f->own = b;
	b->f = f;
	b->hooks = (struct client_hooks){ .proxy_up = on_proxy_up,
		.proxy_refused = on_proxy_refused, .stage = on_stage,
		.ready = on_ready, .lost = on_lost, .arg = b };
	far_names_set(&b->names, f->conf);
	b->doors = far_doors_new(f, &b->names);
	if (far_client_fill(&b->conf, f->conf, why) == 0)
		b->client = client_new(f->l, &b->conf, f->conf->files, NULL,
		    f->log, &b->hooks, why);
	if (b->client)
		return 0;
	loop_defer(f->l, &b->end, free_bastion);
	return -1;
}

static void
retry(struct far *f)
{
	struct bastion *b = f->own;

	b->tries = 0;
	if (b->session)
		timer_start(&b->again, f->l, 0, on_again, b);
	else if (b->client)
		client_retry(b->client);
}

static void
done(struct far_call *c, struct stream *s, const char *error)
{
	struct bastion *b = c->f->own;
	char text[FAR_TEXT];
	bool gone = !s && !b->echo && !b->probe && far_words_absent(error);

	c->own = NULL;
	if (!s)
		far_words_worker(text, &b->names, error);
	if (gone && b->session && !b->f->conf->plain)
		timer_start(&b->again, b->f->l, 0, on_again, b);
	far_answer(c, s, s ? NULL : text);
}

static void
on_called(void *arg, struct stream *s, const char *error)
{
	done(arg, s, error);
}

static void
on_visited(void *arg, struct stream *s, bool ours, const char *error)
{
	(void)ours; /* only about sudp's frames */
	done(arg, s, error);
}

static void
call(struct far_call *c, const struct offer_want *w)
{
	struct bastion *b = c->f->own;

	if (c->f->conf->plain)
		c->own = visitor_call(visitor(b), on_visited, c);
	else
		c->own = offer_call(visitor(b), w, on_called, c);
}

static void
cancel(struct far_call *c)
{
	if (c->f->conf->plain)
		visitor_cancel(c->own);
	else
		offer_cancel(c->own);
	c->own = NULL;
}

const struct far_kind far_bastion = {
	.start = start,
	.stop = stop,
	.retry = retry,
	.call = call,
	.cancel = cancel,
	.udp = true,
};
