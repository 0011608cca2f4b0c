// SPDX-License-Identifier: MIT
/* The first message of a stream says what it is for.
 *
 * Whoever guesses a token or a secret hears that it was wrong the later the
 * oftener that happened at its source; on a link that has an owner, the link
 * is what counts.  What is right is never delayed by that, and found out at
 * once, with one exception: on such a link a name of which HELD_NAME answers
 * are held is not looked at meanwhile, for there the answer costs nothing but
 * a stream, and who guesses need not wait for it. */
#include "net/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth.h"
#include "core/err.h"
#include "core/hello.h"
#include "core/mem.h"

#define HELD_NAME 4   /* answers, on a link with an owner, of a name, */
#define HELD_MAX  64  /* and of all; what is beyond that is closed */
#define LOOK_MS	  250 /* until what waits for them is looked at again */

/* Held back: an answer, or a visit that is not looked at yet. */
struct held {
	struct buf no;
	struct msg visit;
	char *name;
	uint64_t until; /* of a visit */
};

struct greet {
	struct server *sv;
	struct greeter *by; /* NULL: nobody looks after it */
	struct list at;	    /* in its greeter's */
	struct stream *s;
	struct link *link; /* that has no owner yet; NULL: it has, or there
			      is none */
	struct wire wire;
	size_t half; /* bytes in it, of a stranger's */
	struct timer late;
	struct held *held; /* or NULL */
	struct deferred gone;
	char from[ADDR_TEXT];
	bool begun, over;
};

static void
free_greet(struct deferred *d)
{
	struct greet *g = list_item(d, struct greet, gone);

	if (g->held) {
		buf_free(&g->held->no);
		msg_release(&g->held->visit);
		free(g->held->name);
		free(g->held);
	}
	wire_release(&g->wire);
	free(g);
}

void
greeter_init(struct greeter *g, void (*done)(struct greeter *g, bool known))
{
	*g = (struct greeter){ .done = done };
	list_init(&g->greets);
}

static void
leave_greeter(struct greet *g)
{
	list_del(&g->at);
	if (g->by) {
		g->by->n--;
		g->by->held -= g->held != NULL;
	}
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
	crowd_keep(g->sv, &g->half, 0);
	loop_defer(g->sv->l, &g->gone, free_greet);
	if (by && by->done)
		by->done(by, known);
}

static void
hang_up(struct greet *g)
{
	stream_close(g->s);
	end(g, false);
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
		hang_up(g);
	}
}

static void
on_late(struct timer *t, void *arg)
{
	struct greet *g = arg;

	(void)t;
	hang_up(g);
}

static enum greeting
refuse_work(struct greet *g, const char *error, struct buf *no)
{
	struct msg m = { .type = MSG_START_WORK_CONN };

	m.u.start_work_conn.error = (char *)(uintptr_t)session_detail(g->sv,
	    error, "invalid NewWorkConn");
	wire_put(no, &m);
	return GREET_WRONG;
}

static enum greeting
new_work_conn(struct greet *g, const struct msg *m, struct buf *no)
{
	const struct msg_new_work_conn *w = &m->u.new_work_conn;
	struct session *s = w->run_id ? map_str(&g->sv->runs, w->run_id) : NULL;
	char text[120], tag[TEXT_TAG];

	text_tag(tag, w->run_id ? w->run_id : "");
	if (!s || (s->link && link_of(g->s) != s->link)) {
		snprintf(text, sizeof(text),
		    "no client control found for run id [%s]", tag);
		complain(g->sv, g->from, SAY_WORK, "No client control found "
		    "for run id [%s]", tag);
		return refuse_work(g, text, no);
	}
	if ((g->sv->conf->auth.new_work_conns || s->signs) &&
	    !session_auth(s, w->timestamp, w->privilege_key)) {
		complain(g->sv, g->from, SAY_WORK, "invalid NewWorkConn with "
		    "run id [%s]", tag);
		return refuse_work(g, "token in NewWorkConn doesn't match "
				      "token from configuration", no);
	}
	session_heard(s);
	work_arrived(s, g->s);
	return GREET_DONE;
}

static void
say_no(struct greet *g, const struct buf *no)
{
	stream_put(g->s, buf_peek(no), buf_len(no));
	stream_flush(g->s);
	stream_linger(g->s);
	end(g, false);
}

/* Takes a place among what is held, if it has none; false: it is closed. */
static bool
hold(struct greet *g, const char *name)
{
	struct greeter *by = g->by;

	if (g->held)
		return true;
	if (by && by->owned && by->held >= HELD_MAX) {
		hang_up(g);
		return false;
	}
	g->held = mem_new(struct held);
	g->held->name = mem_dup(name);
	if (by)
		by->held++;
	return true;
}

static void
on_answer_due(struct timer *t, void *arg)
{
	struct greet *g = arg;

	(void)t;
	say_no(g, &g->held->no);
}

static void on_stream(struct stream *s, enum stream_event ev, const uint8_t *p,
    size_t n, void *arg);

static void
refuse(struct greet *g, enum greeting how, const char *name, struct buf *no)
{
	struct greeter *by = g->by;
	bool owned = by && by->owned;
	uint32_t ms = 0;

	if (how == GREET_WRONG || (how == GREET_ABSENT && !owned))
		ms = owned ?
			pace_guess(&by->guesses, loop_now(g->sv->l)) :
			source_guessed(g->sv, g->from);
	if (ms == 0) {
		say_no(g, no);
	} else if (hold(g, name)) {
		g->held->no = *no;
		*no = (struct buf){ 0 };
		stream_on(g->s, on_stream, g);
		timer_start(&g->late, g->sv->l, ms, on_answer_due, g);
	}
}

static bool
is_guessed_at(const struct greeter *by, const char *name)
{
	struct list *at;
	int n = 0;

	if (!by || !by->owned || by->held == 0)
		return false;
	list_each(at, &by->greets) {
		const struct held *h = list_item(at, struct greet, at)->held;

		n += h && buf_len(&h->no) && strcmp(h->name, name) == 0;
	}
	return n >= HELD_NAME;
}

static void dispatch(struct greet *g, struct msg *m);

static void
on_look(struct timer *t, void *arg)
{
	struct greet *g = arg;
	struct msg m = g->held->visit;

	(void)t;
	g->held->visit = (struct msg){ .text = NULL };
	dispatch(g, &m);
	msg_release(&m);
}

/* What it has sent behind its message, and its end, are kept meanwhile. */
static void
look_later(struct greet *g, const char *name, struct msg *m)
{
	uint64_t now = loop_now(g->sv->l);

	if (!hold(g, name))
		return;
	if (!g->held->until)
		g->held->until = now + GREET_MS;
	if (now >= g->held->until) {
		hang_up(g);
		return;
	}
	g->held->visit = *m;
	m->text = NULL;
	stream_on(g->s, NULL, NULL);
	timer_start(&g->late, g->sv->l, LOOK_MS, on_look, g);
}

static void
dispatch(struct greet *g, struct msg *m)
{
	enum greeting r = GREET_DONE;
	const char *name = "";
	struct buf no = { 0 };

	switch (m->type) {
	case MSG_LOGIN:
		r = login(g->sv, g->s, g->link, g->by, g->from, m, &no);
		break;
	case MSG_NEW_WORK_CONN:
		r = new_work_conn(g, m, &no);
		break;
	case MSG_NEW_VISITOR_CONN:
		if (m->u.new_visitor_conn.name)
			name = m->u.new_visitor_conn.name;
		if (is_guessed_at(g->by, name)) {
			look_later(g, name, m);
			return;
		}
		r = visit(g->sv, g->s, g->from, m, &no);
		break;
	default:
		complain(g->sv, g->from, SAY_GARBAGE,
		    "Error message type for the new connection [%s]",
		    g->from);
		stream_close(g->s);
		break;
	}
	/* on a mux link it is the link that is known, or not */
	if (r == GREET_DONE || r == GREET_OWNED)
		end(g, r == GREET_OWNED || !g->link);
	else
		refuse(g, r, name, &no);
	buf_free(&no);
}

static void
garbage(struct greet *g, uint8_t first)
{
	const char *hint = g->begun ? NULL : hello_hint(first);

	complain(g->sv, g->from, SAY_GARBAGE, "client [%s]: %s", g->from,
	    hint ? hint : "sent something that is no frp message");
	hang_up(g);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct greet *g = arg;
	const uint8_t *at = p;
	size_t left = n;
	struct msg m;
	bool may;
	int r;

	if (g->over)
		return;
	if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		hang_up(g);
		return;
	}
	if (ev != STREAM_DATA || n == 0)
		return;
	if (g->held) { /* it was refused, and does not know yet */
		stream_consumed(s, n);
		return;
	}
	r = wire_take(&g->wire, &at, &left, &m);
	stream_consumed(s, n - left);
	may = crowd_keep(g->sv, &g->half, g->by && !g->by->owned ?
		buf_len(&g->wire.body) : 0);
	if (r < 0)
		garbage(g, *p);
	else if (r == 0 && !may)
		hang_up(g);
	g->begun = true;
	if (r <= 0)
		return;
	/* nobody may speak before we have answered, but a visitor who knows
	 * what it will say to the service may save a round trip */
	if (left && m.type != MSG_NEW_VISITOR_CONN) {
		complain(g->sv, g->from, SAY_GARBAGE, "client [%s] sent %zu "
		    "bytes behind its %s", g->from, left, msg_name(m.type));
		hang_up(g);
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
