// SPDX-License-Identifier: MIT
/* Login: who may come in, and what becomes of an older session of the same
 * client.
 *
 * The same run id is the same process coming back: it replaces its old session
 * at once, as frp does.  But two live processes that share a run id would
 * throw each other out for ever; so when that happens too often, the old one
 * is probed, and one that answers stays.  The same client id under a shared
 * token proves nothing, so there the holder is always probed. */
#include "net/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth.h"
#include "core/mem.h"
#include "core/text.h"
#include "core/version.h"
#include "crypto/rand.h"

#define CLOCK_SECONDS 90 /* that a clock may be off */

#define FLAP_MS	   60000
#define FLAP_LIMIT 4	/* replacements in that time */
#define FLAP_MAX   1024 /* run ids remembered */

struct flap {
	struct list at;
	char *run_id;
	struct pace_gate gate;
};

/* A login that waits for the answer, or the silence, of another session. */
struct pending {
	struct server *sv;
	struct list at;
	struct stream *s;
	struct link *link;
	struct msg m;
	struct token *token;
	char *run_id, tag[TEXT_TAG];
	char from[ADDR_TEXT], error[200];
	struct probe *probe;
	uint64_t holder; /* its generation */
	struct deferred gone;
	bool over;
};

static void
put_answer(struct server *sv, struct buf *out, const char *run_id,
    const char *error)
{
	struct msg m = { .type = MSG_LOGIN_RESP };

	m.u.login_resp.version = (char *)(uintptr_t)FRP_VERSION;
	m.u.login_resp.run_id = (char *)(uintptr_t)run_id;
	m.u.login_resp.early = !error;
	m.u.login_resp.error = !error ? NULL :
					(char *)(uintptr_t)session_detail(sv,
					    error, "register control error");
	wire_put(out, &m);
}

static void
reply(struct server *sv, struct stream *s, const char *run_id,
    const char *error)
{
	struct buf out = { 0 };

	put_answer(sv, &out, run_id, error);
	stream_put(s, buf_peek(&out), buf_len(&out));
	stream_flush(s);
	buf_free(&out);
}

static void
free_pending(struct deferred *d)
{
	struct pending *p = list_item(d, struct pending, gone);

	msg_release(&p->m);
	token_drop(p->token);
	free(p->run_id);
	free(p);
}

static void
pending_end(struct pending *p)
{
	if (p->over)
		return;
	p->over = true;
	list_del(&p->at);
	probe_cancel(p->probe);
	loop_defer(p->sv->l, &p->gone, free_pending);
}

static void
pending_drop(struct pending *p)
{
	if (p->over)
		return;
	pending_end(p);
	stream_close(p->s);
	link_close(p->link, false);
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	(void)k;
	if (ev == LINK_OPEN)
		stream_close(s);
	else if (ev == LINK_DOWN)
		pending_drop(arg);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)s;
	(void)p;
	(void)n;
	if (ev == STREAM_EOF || ev == STREAM_ERROR || ev == STREAM_DATA)
		pending_drop(arg);
}

static struct session *
by_generation(struct server *sv, uint64_t generation)
{
	struct list *at;

	list_each(at, &sv->sessions) {
		struct session *s = list_item(at, struct session, at);

		if (s->generation == generation)
			return s;
	}
	return NULL;
}

static void admit(struct server *sv, struct stream *s, struct link *link,
    const char *from, const char *run_id, struct msg *m, struct token *token);

static void
on_probed(void *arg, bool alive)
{
	struct pending *p = arg;
	struct server *sv = p->sv;
	struct session *old = by_generation(sv, p->holder);

	p->probe = NULL;
	if (p->over)
		return;
	pending_end(p);
	if (alive && old) {
		log_warn(sv->log, "[%s] login from [%s] refused, the session "
		    "from [%s] is alive: two clients run with one identity",
		    p->tag, p->from, old->from);
		reply(sv, p->s, NULL, p->error);
		stream_linger(p->s);
		link_close(p->link, true);
		return;
	}
	if (old)
		session_end(old, "silent, its client has come back");
	admit(sv, p->s, p->link, p->from, p->run_id, &p->m, p->token);
}

static void
wait_for(struct server *sv, struct session *old, struct stream *s,
    struct link *link, const char *from, const char *run_id, struct msg *m,
    struct token *token, const char *error)
{
	struct pending *p = mem_new(struct pending);

	p->sv = sv;
	p->s = s;
	p->link = link;
	p->m = *m;
	m->text = NULL;
	p->token = token_keep(token);
	p->run_id = mem_dup(run_id);
	text_tag(p->tag, run_id);
	p->holder = old->generation;
	snprintf(p->from, sizeof(p->from), "%s", from);
	snprintf(p->error, sizeof(p->error), "%s", error);
	list_add(&sv->logins, &p->at);
	stream_on(s, on_stream, p);
	if (link)
		link_on(link, on_link, p);
	p->probe = session_probe(old, on_probed, p);
}

static void
forget(struct server *sv, struct flap *f)
{
	map_str_del(&sv->flaps, f->run_id);
	list_del(&f->at);
	free(f->run_id);
	free(f);
}

void
login_end(struct server *sv)
{
	while (!list_empty(&sv->logins))
		pending_drop(list_item(sv->logins.next, struct pending, at));
	while (!list_empty(&sv->flap_order))
		forget(sv, list_item(sv->flap_order.next, struct flap, at));
	map_free(&sv->flaps);
}

/* Is run_id replaced so often that two processes must be using it? */
static bool
flaps(struct server *sv, const char *run_id)
{
	struct flap *f = map_str(&sv->flaps, run_id);

	if (!f) {
		if (sv->flaps.used >= FLAP_MAX)
			forget(sv, list_item(sv->flap_order.next, struct flap,
				       at));
		f = mem_new(struct flap);
		f->run_id = mem_dup(run_id);
		list_add(&sv->flap_order, &f->at);
		map_str_set(&sv->flaps, run_id, f);
	}
	return pace_count(&f->gate, loop_now(sv->l), FLAP_MS) > FLAP_LIMIT;
}

static struct session *
by_client_id(struct server *sv, const struct msg_login *m, const char *run_id)
{
	struct list *at;

	if (!m->client_id || !*m->client_id)
		return NULL;
	list_each(at, &sv->sessions) {
		struct session *s = list_item(at, struct session, at);

		if (strcmp(s->client_id, m->client_id) == 0 &&
		    strcmp(s->user, m->user ? m->user : "") == 0 &&
		    strcmp(s->run_id, run_id) != 0)
			return s;
	}
	return NULL;
}

/* The client's own run id, or a new one. */
static void
choose_run_id(char to[static 65], const struct msg_login *m)
{
	uint8_t dice[8];

	if (m->run_id && *m->run_id && strlen(m->run_id) <= 64) {
		memcpy(to, m->run_id, strlen(m->run_id) + 1);
		return;
	}
	rand_bytes(dice, sizeof(dice));
	text_hex(to, dice, sizeof(dice));
}

static void
refuse(struct server *sv, const char *from, const char *error, struct buf *no)
{
	complain(sv, from, SAY_LOGIN, "register control error: %s (client "
	    "[%s])", error, from);
	put_answer(sv, no, NULL, error);
}

/* It has a token.  Of two who have waited for one and the same holder the
 * second one finds the first in its place. */
static void
admit(struct server *sv, struct stream *s, struct link *link,
    const char *from, const char *run_id, struct msg *m, struct token *token)
{
	const struct msg_login *in = &m->u.login;
	struct session *old = by_client_id(sv, in, run_id);
	char tag[TEXT_TAG], error[200];

	text_tag(tag, run_id);
	if (old) {
		snprintf(error, sizeof(error),
		    "client_id [%.64s] for user [%.64s] is already online",
		    in->client_id, in->user ? in->user : "");
		wait_for(sv, old, s, link, from, run_id, m, token,
		    error);
		return;
	}
	old = map_str(&sv->runs, run_id);
	if (old && flaps(sv, run_id)) {
		snprintf(error, sizeof(error), "run id [%s] is in use by "
		    "another live client at [%s]", tag, old->from);
		wait_for(sv, old, s, link, from, run_id, m, token,
		    error);
		return;
	}
	if (old) {
		log_info(sv->log, "[%s] Replaced by client [%s]", tag, tag);
		session_end(old, "replaced by a newer login");
	}
	session_new(sv, s, link, from, run_id, in, token);
}

/* For those who want to know whether anybody is left with an old one. */
static void
tell_token(struct server *sv, const char *tag, const struct token *token)
{
	const struct tokens *all = &sv->tokens->tokens;
	size_t i = 0;

	if (all->n < 2)
		return;
	while (i < all->n && all->v[i] != token)
		i++;
	log_info(sv->log, "[%s] the client shows token %zu of %zu", tag, i + 1,
	    all->n);
}

enum greeting
login(struct server *sv, struct stream *s, struct link *link,
    struct greeter *by, const char *from, struct msg *m, struct buf *no)
{
	const struct msg_login *in = &m->u.login;
	struct token *token;
	char run_id[65], tag[TEXT_TAG];

	if (link_of(s) && !link) {
		refuse(sv, from, "this connection has logged in already", no);
		return GREET_NO;
	}
	if (link && by->refused) {
		refuse(sv, from, "this connection has failed to log in", no);
		return GREET_WRONG;
	}
	token_file_refresh(sv->tokens, sv->log, loop_now(sv->l));
	token = tokens_match(&sv->tokens->tokens, in->timestamp,
	    in->privilege_key);
	if (!token) {
		if (by)
			by->refused = true;
		refuse(sv, from, "token in login doesn't match token from "
				 "configuration", no);
		return GREET_WRONG;
	}
	choose_run_id(run_id, in);
	text_tag(tag, run_id);
	log_info(sv->log, "[%s] client login info: ip [%s] version [%s] "
	    "hostname [%s] os [%s] arch [%s]", tag, from,
	    in->version ? in->version : "", in->hostname ? in->hostname : "",
	    in->os ? in->os : "", in->arch ? in->arch : "");
	tell_token(sv, tag, token);
	admit(sv, s, link, from, run_id, m, token);
	return GREET_OWNED;
}

/* Nothing of ours needs them to agree; logs and certificates do. */
static void
tell_clock(const struct session *s, int64_t theirs)
{
	int64_t now = loop_date();
	bool ahead = theirs > now;
	uint64_t off = ahead ? (uint64_t)theirs - (uint64_t)now :
			       (uint64_t)now - (uint64_t)theirs;

	if (off > CLOCK_SECONDS)
		log_info(s->sv->log, "[%s] the clock of client [%s] is %llu "
		    "seconds %s this server's", s->tag, s->from,
		    (unsigned long long)off, ahead ? "ahead of" : "behind");
}

void
login_accept(struct session *s, const struct msg_login *m)
{
	reply(s->sv, s->ctl, s->run_id, NULL);
	tell_clock(s, m->timestamp);
}
