// SPDX-License-Identifier: MIT
/* One logged-in client at the server: its control stream, its heartbeat, and
 * everything that goes when it goes. */
#include "net/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth.h"
#include "core/mem.h"
#include "crypto/rand.h"

/* Control bytes that a client may leave unread. */
#define SESSION_BACKLOG (1024 * 1024)
/* ms without a sign of the client's host while we have bytes for it */
#define SESSION_IMPATIENT 25000

/* When memory runs out, who holds less than this is not blamed; and what a
 * stream costs, about. */
#define SESSION_HEAVY  (1024 * 1024)
#define SESSION_STREAM 512

const char *
session_detail(const struct server *sv, const char *text, const char *summary)
{
	return sv->conf->detailed_errors ? text : summary;
}

bool
session_auth(struct session *s, int64_t t, const char *key)
{
	return auth_ok(s->token->text, t, key);
}

static void
on_overflow(struct errand *e)
{
	session_end(list_item(e, struct session, overflow),
	    "does not read its control messages");
}

void
session_send(struct session *s, const struct msg *m)
{
	struct buf *out = control_out(s->control);

	if (s->over)
		return;
	control_put(s->control, m);
	stream_put(s->ctl, buf_peek(out), buf_len(out));
	stream_flush(s->ctl);
	buf_free(out);
	if (stream_queued(s->ctl) > SESSION_BACKLOG)
		loop_later(s->sv->l, &s->overflow);
}

bool
session_may_complain(struct session *s)
{
	return pace_count(&s->complaints, loop_now(s->sv->l), 60000) <= 6;
}

static void
on_greeted(struct greeter *g, bool known)
{
	(void)g;
	(void)known;
}

static void
on_new_stream(struct session *s, struct stream *stream)
{
	if (s->greeter.n < SESSION_STREAMS) {
		greet_new(s->sv, stream, NULL, s->from, &s->greeter);
		return;
	}
	if (session_may_complain(s))
		log_warn(s->sv->log, "[%s] %d streams of this client have not "
		    "said yet what they are for, one more is refused", s->tag,
		    SESSION_STREAMS);
	stream_close(stream);
}

static void
free_session(struct deferred *d)
{
	struct session *s = list_item(d, struct session, gone);

	control_free(s->control);
	token_drop(s->token);
	free(s->run_id);
	free(s->user);
	free(s->client_id);
	free(s);
}

void
session_end(struct session *s, const char *why)
{
	if (s->over)
		return;
	s->over = true;
	log_debug(s->sv->log, "[%s] session ends: %s", s->tag, why);
	list_del(&s->at);
	source_session_over(s->sv, s->source);
	timer_stop(&s->beat);
	errand_drop(&s->overflow);
	if (map_str(&s->sv->runs, s->run_id) == s)
		map_str_del(&s->sv->runs, s->run_id);
	claim_end(s);
	while (!list_empty(&s->proxies)) {
		struct proxy *p = list_item(s->proxies.next, struct proxy, at);

		log_info(s->sv->log, "[%s] [%s] proxy closing", s->tag,
		    p->name);
		proxy_close(p);
	}
	work_end(s);
	greeter_cancel(&s->greeter);
	stream_linger(s->ctl);
	link_close(s->link, true);
	log_info(s->sv->log, "[%s] client exit success", s->tag);
	session_answer_probes(s, false);
	loop_defer(s->sv->l, &s->gone, free_session);
}

static size_t
weight_of(const struct session *s)
{
	return s->kept + s->early.used + stream_queued(s->ctl) +
	    (s->link ? link_streams(s->link) * SESSION_STREAM : 0);
}

bool
session_end_heaviest(struct server *sv)
{
	size_t most = SESSION_HEAVY - 1;
	struct session *heaviest = NULL;
	struct list *at;

	list_each(at, &sv->sessions) {
		struct session *s = list_item(at, struct session, at);

		if (weight_of(s) <= most)
			continue;
		heaviest = s;
		most = weight_of(s);
	}
	if (!heaviest)
		return false;
	log_error(sv->log, "[%s] out of memory: client [%s], for whom most is "
	    "kept, is closed (%zu KiB)", heaviest->tag, heaviest->from,
	    most >> 10);
	session_end(heaviest, "out of memory");
	return true;
}

static void
on_beat(struct timer *t, void *arg)
{
	struct session *s = arg;
	uint64_t limit = (uint64_t)s->sv->conf->heartbeat_timeout * 1000;
	uint64_t silent = loop_now(s->sv->l) - s->heard;

	if (silent < limit) {
		timer_start(t, s->sv->l, limit - silent + 1, on_beat, s);
		return;
	}
	log_warn(s->sv->log, "[%s] heartbeat timeout", s->tag);
	session_end(s, "heartbeat timeout");
}

static void
on_ping(struct session *s, const struct msg_ping *ping)
{
	static const char wrong[] =
	    "token in heartbeat doesn't match token from configuration";
	struct msg m = { .type = MSG_PONG };

	if (s->sv->conf->auth.heartbeats &&
	    !session_auth(s, ping->timestamp, ping->privilege_key)) {
		log_warn(s->sv->log, "[%s] received invalid ping: %s",
		    s->tag, wrong);
		m.u.pong.error = (char *)(uintptr_t)session_detail(s->sv,
		    wrong, "invalid ping");
	} else {
		s->heard = loop_now(s->sv->l);
	}
	session_send(s, &m);
}

static void
on_close_proxy(struct session *s, const char *name)
{
	struct proxy *p = name ? map_str(&s->sv->names, name) : NULL;

	if (!p || p->session != s)
		return;
	log_info(s->sv->log, "[%s] [%s] proxy closing", s->tag, p->name);
	log_info(s->sv->log, "[%s] close proxy [%s] success", s->tag,
	    p->name);
	proxy_close(p);
}

/* There is no xtcp here, so nobody has registered what is asked for. */
static void
on_nat_hole(struct session *s, const struct msg_nat_hole_visitor *v)
{
	struct msg m = { .type = MSG_NAT_HOLE_RESP };
	char error[160];

	snprintf(error, sizeof(error), "xtcp server for [%.100s] doesn't exist",
	    v->name ? v->name : "");
	m.u.nat_hole_resp.transaction_id = v->transaction_id;
	m.u.nat_hole_resp.error = error;
	session_send(s, &m);
}

static void
on_message(struct session *s, struct msg *m)
{
	switch (m->type) {
	case MSG_NEW_PROXY:
		claim_new_proxy(s, m);
		break;
	case MSG_CLOSE_PROXY:
		on_close_proxy(s, m->u.close_proxy.name);
		break;
	case MSG_PING:
		on_ping(s, &m->u.ping);
		break;
	case MSG_NAT_HOLE_VISITOR:
		on_nat_hole(s, &m->u.nat_hole_visitor);
		break;
	default:
		/* known, and not for an established control stream */
		log_debug(s->sv->log, "[%s] ignored a message %s", s->tag,
		    msg_name(m->type));
		break;
	}
}

static void
on_ctl(struct stream *stream, enum stream_event ev, const uint8_t *p,
    size_t n, void *arg)
{
	struct session *s = arg;
	struct msg m;
	int r = 0;

	if (s->over)
		return;
	/* of a link that is down, what follows tells why */
	if (ev == STREAM_ERROR && s->link && *link_why(s->link))
		return;
	if (ev == STREAM_ERROR)
		log_info(s->sv->log, "[%s] connection to client [%s] is lost: "
		    "%s", s->tag, s->from, stream_why(stream));
	if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		session_end(s, ev == STREAM_EOF ? "EOF" : stream_why(stream));
		return;
	}
	if (ev != STREAM_DATA)
		return;
	stream_consumed(stream, n);
	control_feed(s->control, p, n);
	session_heard(s);
	while (!s->over && (r = control_next(s->control, &m)) > 0) {
		on_message(s, &m);
		msg_release(&m);
	}
	if (!s->over && r < 0) {
		log_warn(s->sv->log, "[%s] the client's control messages make "
		    "no sense: is its auth.token the same as ours?",
		    s->tag);
		session_end(s, "malformed control message");
	}
}

static void
on_link(struct link *k, enum link_event ev, struct stream *stream, void *arg)
{
	struct session *s = arg;

	if (s->over)
		return;
	switch (ev) {
	case LINK_OPEN:
		on_new_stream(s, stream);
		break;
	case LINK_ROOM:
		break; /* servers open no streams */
	case LINK_HEARD:
		session_heard(s);
		break;
	case LINK_DOWN:
		if (strcmp(link_why(k), "EOF") != 0)
			log_info(s->sv->log, "[%s] connection to client [%s] "
			    "is lost: %s", s->tag, s->from, link_why(k));
		session_end(s, link_why(k));
		break;
	}
}

void
session_new(struct server *sv, struct stream *ctl, struct link *link,
    const char *from, const char *run_id, const struct msg_login *m,
    struct token *token)
{
	struct session *s = mem_new(struct session);
	uint8_t iv[CFB_IV_LEN];

	s->sv = sv;
	s->generation = ++sv->generation;
	s->since = s->heard = loop_now(sv->l);
	s->run_id = mem_dup(run_id);
	text_tag(s->tag, run_id);
	s->user = mem_dup(m->user ? m->user : "");
	s->client_id = mem_dup(m->client_id ? m->client_id : "");
	snprintf(s->from, sizeof(s->from), "%s", from);
	s->source = source_session(sv, from);
	s->link = link;
	s->signs = m->signs == 1;
	s->ctl = ctl;
	if (m->pool_count > 0)
		s->pool = (size_t)(m->pool_count < sv->conf->max_pool_count ?
			m->pool_count :
			sv->conf->max_pool_count);
	s->early.most = HOLD_MOST;
	greeter_init(&s->greeter, on_greeted);
	s->greeter.owned = true;
	errand_init(&s->overflow, on_overflow);
	list_init(&s->proxies);
	list_init(&s->claims);
	list_init(&s->probes);
	list_init(&s->idle);
	deal_init(&s->deal);
	rand_bytes(iv, sizeof(iv));
	s->token = token_keep(token);
	s->control = control_new(token->text, iv);
	list_add(&sv->sessions, &s->at);
	map_str_set(&sv->runs, run_id, s);
	stream_on(ctl, on_ctl, s);
	stream_want(ctl, true);
	if (link)
		link_on(link, on_link, s);
	else
		/* with bytes on the way TCP's keepalive is silent */
		conn_impatient(ctl, SESSION_IMPATIENT);
	if (sv->conf->heartbeat_timeout > 0)
		timer_start(&s->beat, sv->l,
		    (uint64_t)sv->conf->heartbeat_timeout * 1000, on_beat, s);
	login_accept(s, m);
	work_ask(s);
}
