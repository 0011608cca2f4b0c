// SPDX-License-Identifier: MIT
/* NewProxy: a claim to a name and perhaps a port.
 *
 * When another client holds what is claimed, the holder is probed.  One that
 * answers keeps it, and the newcomer gets frp's refusal; one that is silent
 * was left behind by a broken network or a killed process, and gives way. */
#include "net/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct claim {
	struct list at;
	struct session *session;
	struct msg m;
	struct probe *probe;
	uint64_t holder; /* the holder's generation */
	size_t weight;
	char error[200];
	struct deferred gone;
};

static void try_claim(struct session *s, struct msg *m, unsigned round);

static void
answer(struct session *s, const char *name, const char *remote_addr,
    const char *error)
{
	struct msg m = { .type = MSG_NEW_PROXY_RESP };
	char summary[160];

	snprintf(summary, sizeof(summary), "new proxy [%.100s] error", name);
	m.u.new_proxy_resp.name = (char *)(uintptr_t)name;
	m.u.new_proxy_resp.remote_addr = (char *)(uintptr_t)remote_addr;
	if (error)
		m.u.new_proxy_resp.error =
		    (char *)(uintptr_t)session_detail(s->sv, error, summary);
	session_send(s, &m);
}

static void
refuse(struct session *s, const struct msg_new_proxy *m, const char *error)
{
	log_warn(s->sv->log, "[%s] new proxy [%s] type [%s] error: %s",
	    s->tag, m->name, m->type ? m->type : "tcp", error);
	answer(s, m->name, NULL, error);
}

/* What frp has and we do not yet: said, not silently left out. */
static const char *
not_yet(const struct msg_new_proxy *m)
{
	static const char *const later[] = { "udp", "http", "https", "tcpmux",
		"stcp", "sudp", "xtcp" };
	size_t i;

	for (i = 0; m->type && i < sizeof(later) / sizeof(later[0]); i++)
		if (!proxy_type_of(m->type) && strcmp(m->type, later[i]) == 0)
			return "proxy type";
	if (m->group && *m->group)
		return "loadBalancer.group";
	if (m->bandwidth_limit && *m->bandwidth_limit &&
	    m->bandwidth_limit_mode &&
	    strcmp(m->bandwidth_limit_mode, "server") == 0)
		return "transport.bandwidthLimitMode = \"server\"";
	return NULL;
}

/* A name stands in a map, too, and each thing on the heap has a head. */
static size_t
weight_of(const struct msg_new_proxy *m)
{
	size_t n = sizeof(struct proxy) + 2 * strlen(m->name) + 200, i;

	n += m->sk ? strlen(m->sk) : 0;
	for (i = 0; i < m->allow_users.n; i++)
		n += strlen(m->allow_users.v[i]) + sizeof(char *) + 16;
	return n;
}

static int
weigh(struct session *s, size_t weight, struct proxy_refusal *r)
{
	if (s->kept + weight <= SESSION_KEPT)
		return 0;
	snprintf(r->text, sizeof(r->text), "this client's proxies take %d MiB "
	    "of memory here already: use fewer, or shorter names",
	    SESSION_KEPT >> 20);
	return -1;
}

static int
check(struct session *s, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	const struct proxy_type *type = proxy_type_of(m->type);
	int64_t quota = s->sv->conf->max_ports_per_client;
	const char *missing = not_yet(m);

	if (missing) {
		snprintf(r->text, sizeof(r->text), "not supported yet: %s%s%s",
		    missing, type ? "" : " ", type ? "" : m->type);
		return -1;
	}
	if (!type) {
		snprintf(r->text, sizeof(r->text), "unknown proxy type: %.80s",
		    m->type);
		return -1;
	}
	if (quota > 0 && s->ports + type->ports > quota) {
		snprintf(r->text, sizeof(r->text),
		    "exceed the max_ports_per_client");
		return -1;
	}
	r->holder = map_str(&s->sv->names, m->name);
	if (r->holder) {
		snprintf(r->text, sizeof(r->text),
		    "proxy [%.120s] already exists", m->name);
		return -1;
	}
	return weigh(s, weight_of(m), r);
}

static void
free_proxy(struct deferred *d)
{
	struct proxy *p = list_item(d, struct proxy, gone);
	size_t i;

	for (i = 0; i < p->allow_users.n; i++)
		free(p->allow_users.v[i]);
	free(p->allow_users.v);
	mem_free_secret(p->secret);
	free(p->name);
	free(p);
}

static struct strings
copy(const struct strings *from)
{
	struct strings to = { mem_zero(from->n * sizeof(*to.v)), 0 };

	for (; to.n < from->n; to.n++)
		to.v[to.n] = mem_dup(from->v[to.n]);
	return to;
}

void
proxy_close(struct proxy *p)
{
	map_str_del(&p->session->sv->names, p->name);
	list_del(&p->at);
	p->session->ports -= p->ports;
	p->session->kept -= p->weight;
	user_end_waiting(p);
	p->type->close(p);
	loop_defer(p->session->sv->l, &p->gone, free_proxy);
}

static int
open_proxy(struct session *s, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	struct proxy *p;

	if (check(s, m, r) < 0)
		return -1;
	p = mem_new(struct proxy);
	p->type = proxy_type_of(m->type);
	p->session = s;
	p->name = mem_dup(m->name);
	p->secret = mem_dup(m->sk ? m->sk : "");
	p->allow_users = copy(&m->allow_users);
	p->encrypt = m->use_encryption;
	p->compress = m->use_compression;
	p->ours = m->ours == 1;
	list_init(&p->users);
	deal_line_init(&p->line, &s->deal);
	if (p->type->open(p, m, r) < 0) {
		loop_defer(s->sv->l, &p->gone, free_proxy);
		return -1;
	}
	p->ports = p->type->ports;
	s->ports += p->ports;
	p->weight = weight_of(m);
	s->kept += p->weight;
	list_add(&s->proxies, &p->at);
	map_str_set(&s->sv->names, p->name, p);
	log_info(s->sv->log, "[%s] new proxy [%s] type [%s] success",
	    s->tag, p->name, p->type->conf->name);
	answer(s, p->name, p->remote_addr, NULL);
	return 0;
}

static void
free_claim(struct deferred *d)
{
	struct claim *c = list_item(d, struct claim, gone);

	msg_release(&c->m);
	free(c);
}

static void
claim_drop(struct claim *c)
{
	list_del(&c->at);
	probe_cancel(c->probe);
	c->probe = NULL;
	c->session->kept -= c->weight;
	loop_defer(c->session->sv->l, &c->gone, free_claim);
}

static void
on_probed(void *arg, bool alive)
{
	struct claim *c = arg;
	struct session *s = c->session, *old = NULL;
	struct list *at;

	c->probe = NULL;
	list_each(at, &s->sv->sessions)
		if (list_item(at, struct session, at)->generation == c->holder)
			old = list_item(at, struct session, at);
	claim_drop(c);
	if (alive && old) {
		log_warn(s->sv->log, "[%s] keeps what client [%s] at [%s] "
		    "claims: it answers (are two copies of a client running?)",
		    old->tag, s->tag, s->from);
		refuse(s, &c->m.u.new_proxy, c->error);
		return;
	}
	if (old) {
		log_warn(s->sv->log, "[%s] gives way to client [%s] at [%s]: "
		    "it is silent since its connection broke", old->tag,
		    s->tag, s->from);
		session_end(old, "silent, and its names are claimed");
	}
	try_claim(s, &c->m, 1);
}

static void
wait_for(struct session *s, struct msg *m, const struct proxy_refusal *r)
{
	size_t weight = sizeof(struct claim) + m->weight;
	struct proxy_refusal heavy;
	struct claim *c;

	if (weigh(s, weight, &heavy) < 0) {
		refuse(s, &m->u.new_proxy, heavy.text);
		return;
	}
	c = mem_new(struct claim);
	c->session = s;
	c->weight = weight;
	s->kept += weight;
	c->m = *m;
	m->text = NULL; /* moved */
	c->holder = r->holder->session->generation;
	snprintf(c->error, sizeof(c->error), "%s", r->text);
	list_add(&s->claims, &c->at);
	c->probe = session_probe(r->holder->session, on_probed, c);
}

static void
try_claim(struct session *s, struct msg *m, unsigned round)
{
	struct proxy_refusal r = { .holder = NULL };

	if (s->over || open_proxy(s, &m->u.new_proxy, &r) == 0)
		return;
	if (r.holder && r.holder->session != s && round == 0)
		wait_for(s, m, &r);
	else
		refuse(s, &m->u.new_proxy, r.text);
}

void
claim_new_proxy(struct session *s, struct msg *m)
{
	struct msg_new_proxy *in = &m->u.new_proxy;

	if (!in->name || !*in->name) {
		in->name = (char *)(uintptr_t)"";
		refuse(s, in, "name should not be empty");
		return;
	}
	try_claim(s, m, 0);
}

void
claim_end(struct session *s)
{
	while (!list_empty(&s->claims))
		claim_drop(list_item(s->claims.next, struct claim, at));
}
