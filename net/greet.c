// SPDX-License-Identifier: MIT
/* The first message of a stream says what it is for. */
#include "net/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth.h"
#include "core/err.h"
#include "core/hello.h"
#include "core/mem.h"

struct greet {
	struct server *sv;
	struct greeter *by; /* NULL: nobody looks after it */
	struct list at;	    /* in its greeter's */
	struct stream *s;
	struct link *link; /* that has no owner yet; NULL: it has, or there
			      is none */
	struct wire wire;
	struct timer late;
	struct deferred gone;
	char from[ADDR_TEXT];
	bool begun, over;
};

static void
free_greet(struct deferred *d)
{
	struct greet *g = list_item(d, struct greet, gone);

	wire_release(&g->wire);
	free(g);
}

void
greeter_init(struct greeter *g, void (*done)(struct greeter *g, bool known))
{
	list_init(&g->greets);
	g->n = 0;
	g->done = done;
}

static void
leave_greeter(struct greet *g)
{
	list_del(&g->at);
	if (g->by)
		g->by->n--;
	g->by = NULL;
}

/* The stream was handed on or closed before. */
static void
end(struct greet *g, bool known)
{
	struct greeter *by = g->by;

	if (g->over)
		return;
	g->over = true;
	timer_stop(&g->late);
	leave_greeter(g);
	loop_defer(g->sv->l, &g->gone, free_greet);
	if (by)
		by->done(by, known);
}

void
greeter_let_go(struct greeter *by)
{
	while (!list_empty(&by->greets)) {
		struct greet *g = list_item(by->greets.next, struct greet, at);

		g->link = NULL;
		leave_greeter(g);
	}
}

void
greeter_cancel(struct greeter *by)
{
	while (!list_empty(&by->greets)) {
		struct greet *g = list_item(by->greets.next, struct greet, at);

		leave_greeter(g); /* it is not told */
		stream_close(g->s);
		end(g, false);
	}
}

static void
on_late(struct timer *t, void *arg)
{
	struct greet *g = arg;

	(void)t;
	stream_close(g->s);
	end(g, false);
}

static void
refuse_work(struct greet *g, const char *error)
{
	struct msg m = { .type = MSG_START_WORK_CONN };
	struct buf out = { 0 };

	m.u.start_work_conn.error = (char *)(uintptr_t)session_detail(g->sv,
	    error, "invalid NewWorkConn");
	wire_put(&out, &m);
	stream_put(g->s, buf_peek(&out), buf_len(&out));
	stream_flush(g->s);
	buf_free(&out);
	stream_linger(g->s);
}

static bool
new_work_conn(struct greet *g, const struct msg *m)
{
	const struct msg_new_work_conn *w = &m->u.new_work_conn;
	struct session *s = w->run_id ? map_str(&g->sv->runs, w->run_id) : NULL;
	char text[120], tag[TEXT_TAG];

	text_tag(tag, w->run_id ? w->run_id : "");
	if (!s || (s->link && link_of(g->s) != s->link)) {
		snprintf(text, sizeof(text),
		    "no client control found for run id [%s]", tag);
		log_warn(g->sv->log, "No client control found for run id [%s]",
		    tag);
		refuse_work(g, text);
		return false;
	}
	if ((g->sv->conf->auth.new_work_conns || s->signs) &&
	    !session_auth(s, w->timestamp, w->privilege_key)) {
		log_warn(g->sv->log, "invalid NewWorkConn with run id [%s]",
		    tag);
		refuse_work(g, "token in NewWorkConn doesn't match token from "
			       "configuration");
		return false;
	}
	session_heard(s);
	work_arrived(s, g->s);
	return true;
}

static void
dispatch(struct greet *g, struct msg *m)
{
	bool known = false;

	switch (m->type) {
	case MSG_LOGIN:
		known = login(g->sv, g->s, g->link, g->from, m);
		break;
	case MSG_NEW_WORK_CONN:
		/* on a mux link it is the link that is known, or not */
		known = new_work_conn(g, m) && !g->link;
		break;
	case MSG_NEW_VISITOR_CONN:
		visit(g->sv, g->s, m);
		known = !g->link;
		break;
	default:
		log_warn(g->sv->log,
		    "Error message type for the new connection [%s]",
		    g->from);
		stream_close(g->s);
		break;
	}
	end(g, known);
}

static void
garbage(struct greet *g, uint8_t first)
{
	const char *hint = g->begun ? NULL : hello_hint(first);

	complain(g->sv, g->from, SAY_GARBAGE, "client [%s]: %s", g->from,
	    hint ? hint : "sent something that is no frp message");
	stream_close(g->s);
	end(g, false);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct greet *g = arg;
	const uint8_t *at = p;
	size_t left = n;
	struct msg m;
	int r;

	if (g->over)
		return;
	if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		stream_close(s);
		end(g, false);
		return;
	}
	if (ev != STREAM_DATA || n == 0)
		return;
	r = wire_take(&g->wire, &at, &left, &m);
	stream_consumed(s, n - left);
	if (r < 0) {
		garbage(g, *p);
		return;
	}
	g->begun = true;
	if (r == 0)
		return;
	/* nobody may speak before we have answered, but a visitor who knows
	 * what it will say to the service may save a round trip */
	if (left && m.type != MSG_NEW_VISITOR_CONN) {
		log_warn(g->sv->log, "client [%s] sent %zu bytes behind its "
		    "%s", g->from, left, msg_name(m.type));
		stream_close(s);
		end(g, false);
	} else {
		stream_unread(s, at, left); /* it is for a user's service */
		dispatch(g, &m);
	}
	msg_release(&m);
}

void
greet_new(struct server *sv, struct stream *s, struct link *link,
    const char *from, struct greeter *by)
{
	struct greet *g = mem_new(struct greet);

	g->sv = sv;
	g->s = s;
	g->link = link;
	g->by = by;
	list_init(&g->at);
	if (by) {
		list_add(&by->greets, &g->at);
		by->n++;
	}
	snprintf(g->from, sizeof(g->from), "%s", from);
	stream_on(s, on_stream, g);
	stream_want(s, true);
	timer_start(&g->late, sv->l, GREET_MS, on_late, g);
}
