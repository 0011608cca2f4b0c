// SPDX-License-Identifier: MIT
/* Who connects to a forward.  It waits while the far side is away, is led to
 * its target, and is counted until both have ended. */
#include "net/tunnel_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"

#define GUEST_SHAKING_MS   10000 /* for a SOCKS request */
#define GUEST_SHAKING_MOST 1024
#define GUEST_CALLING_MOST 4096	/* as users of a proxy */
#define GUEST_DOUBT_MS	   50

static size_t *
count_of(struct forward *f, enum guest_state s)
{
	switch (s) {
	case GUEST_SHAKING:
		return &f->shaking;
	case GUEST_WAITING:
		return &f->waiting;
	case GUEST_CALLING:
		return &f->calling;
	case GUEST_JOINED:
		break;
	}
	return &f->joined;
}

void
guest_state(struct guest *g, enum guest_state s)
{
	--*count_of(g->f, g->state);
	++*count_of(g->f, s);
	g->state = s;
}

static void
free_guest(struct deferred *d)
{
	struct guest *g = list_item(d, struct guest, gone);

	free(g->refusal);
	free(g->socks);
	free(g);
}

static void
leave(struct guest *g)
{
	g->over = true;
	list_del(&g->at);
	--*count_of(g->f, g->state);
	timer_stop(&g->late);
	timer_stop(&g->doubt);
	hold_release(&g->hold); /* its budget may be gone before it is */
	far_cancel(g->call);
	dial_cancel(g->dial);
	g->call = NULL;
	g->dial = NULL;
	loop_defer(g->f->t->l, &g->gone, free_guest);
}

void
guest_end(struct guest *g, bool gentle)
{
	if (g->over)
		return;
	leave(g);
	if (g->relay)
		relay_break(g->relay);
	else if (gentle)
		stream_linger(g->hold.s);
	else
		stream_close(g->hold.s);
}

/* It cannot be served; why is NULL when that is nobody's fault. */
static void
turn_away(struct guest *g, const char *why)
{
	struct buf text = { 0 };

	if (g->f->spec->kind == FORWARD_DYNAMIC)
		buf_printf(&text, "%s:%d: ", g->host, g->target.port);
	buf_puts(&text, why);
	forward_trouble(g->f, buf_text(&text));
	buf_free(&text);
	if (g->f->spec->kind == FORWARD_DYNAMIC)
		socks_answer(g, why);
	guest_end(g, g->f->spec->kind == FORWARD_DYNAMIC);
}

static void
turn_away_waiting(struct guest *g)
{
	struct far_stat far;
	char why[300];

	far_stat(g->f->t->far, &far);
	snprintf(why, sizeof(why), "the far side is not there%s%.250s",
	    *far.error ? ": " : "", far.error);
	turn_away(g, why);
}

static void
on_late(struct timer *t, void *arg)
{
	struct guest *g = arg;

	(void)t;
	if (g->state == GUEST_WAITING)
		turn_away_waiting(g);
	else /* the call has a deadline of its own */
		g->overdue = true;
}

/* Who has come to a remote one sends from there. */
static void
account(const struct forward *f, uint64_t sent, uint64_t got, uint64_t *up,
    uint64_t *down)
{
	bool remote = f->spec->kind == FORWARD_REMOTE;

	*up += remote ? got : sent;
	*down += remote ? sent : got;
}

static void
on_done(struct relay *r, uint64_t ab, uint64_t ba, const char *why, void *arg)
{
	struct guest *g = arg;

	(void)r;
	if (why)
		log_debug(g->f->t->log, "[%s] a connection broke: %s",
		    g->f->name, why);
	account(g->f, ab, ba, &g->f->up, &g->f->down);
	leave(g);
}

void
guest_join(struct guest *g, struct stream *target)
{
	timer_stop(&g->late);
	guest_state(g, GUEST_JOINED);
	account(g->f, buf_len(&g->hold.early), 0, &g->f->up, &g->f->down);
	g->relay = hold_relay(&g->hold, g->f->t->l, target, on_done, g);
}

static void
on_no_doubt(struct timer *t, void *arg)
{
	struct guest *g = arg;

	(void)t;
	if (far_state(g->f->t->far) != FAR_UP) {
		guest_ask(g); /* it went away meanwhile: wait for the next */
		return;
	}
	forward_judge(g->f, false);
	turn_away(g, g->refusal);
}

/* When the far side is lost, its calls may fail before that is known. */
static void
doubt(struct guest *g, const char *error)
{
	free(g->refusal);
	g->refusal = mem_dup(error);
	timer_start(&g->doubt, g->f->t->l, GUEST_DOUBT_MS, on_no_doubt, g);
}

static void
on_called(void *arg, struct stream *s, const char *error)
{
	struct guest *g = arg;

	g->call = NULL;
	if (!s) {
		doubt(g, error);
		return;
	}
	forward_judge(g->f, true);
	if (g->f->spec->kind == FORWARD_DYNAMIC)
		socks_answer(g, NULL);
	guest_join(g, s);
}

static void
call(struct guest *g)
{
	const struct forward_spec *f = g->f->spec;
	struct offer_want w = { .host = f->host ? f->host : "localhost",
		.port = f->to };

	if (f->kind == FORWARD_DYNAMIC) {
		w.host = g->host;
		w.port = g->target.port;
	}
	guest_state(g, GUEST_CALLING);
	g->call = far_call(g->f->t->far, &w, on_called, g);
}

static void
wait_for_far(struct guest *g)
{
	if (g->overdue) {
		turn_away_waiting(g);
		return;
	}
	guest_state(g, GUEST_WAITING);
	if (g->f->waiting > TUNNEL_QUEUE)
		turn_away(g, "too many wait for the far side already");
	else if (!timer_active(&g->late))
		timer_start(&g->late, g->f->t->l, TUNNEL_WAIT_MS, on_late, g);
}

void
guest_ask(struct guest *g)
{
	if (far_state(g->f->t->far) != FAR_UP)
		wait_for_far(g);
	else if (g->f->calling >= GUEST_CALLING_MOST)
		turn_away(g, "too many are on their way to it already");
	else
		call(g);
}

void
forward_call_waiting(struct forward *f)
{
	struct list *at, *next;

	list_each_safe(at, next, &f->guests) {
		struct guest *g = list_item(at, struct guest, at);

		if (g->state == GUEST_WAITING)
			call(g);
	}
}

static void
on_broken(void *arg)
{
	guest_end(arg, false);
}

static void
on_shaking_late(struct timer *t, void *arg)
{
	(void)t;
	guest_end(arg, false);
}

struct guest *
guest_new(struct forward *f, enum guest_state s)
{
	struct guest *g = mem_new(struct guest);

	g->f = f;
	f->total++;
	list_add(&f->guests, &g->at);
	g->state = s;
	++*count_of(f, s);
	return g;
}

void
forward_accept(void *arg, int fd, const struct addr *from)
{
	static const struct conn_keep keep = { .idle = 60, .step = 15,
		.tries = 4 };
	struct forward *f = arg;
	struct guest *g = guest_new(f, GUEST_SHAKING);
	struct loop *l = f->t->l;
	struct stream *s;
	char text[ADDR_TEXT];

	conn_tune(fd, &keep);
	log_debug(f->t->log, "[%s] a connection from %s", f->name,
	    addr_text(from, text));
	s = conn_new(l, fd);
	hold_start(&g->hold, s, on_broken, g);
	if (f->spec->kind != FORWARD_DYNAMIC) {
		guest_ask(g);
	} else if (f->shaking > GUEST_SHAKING_MOST) {
		guest_end(g, false);
	} else {
		timer_start(&g->late, l, GUEST_SHAKING_MS, on_shaking_late,
		    g);
		socks_begin(g, s);
	}
}

void
forward_end_guests(struct forward *f)
{
	while (!list_empty(&f->guests))
		guest_end(list_item(f->guests.next, struct guest, at), false);
}

void
forward_live_bytes(const struct forward *f, uint64_t *up, uint64_t *down)
{
	const struct list *at;
	uint64_t ab, ba;

	list_each(at, &f->guests) {
		const struct guest *g = list_item(at, struct guest, at);

		if (!g->relay)
			continue;
		relay_bytes(g->relay, &ab, &ba);
		account(f, ab, ba, up, down);
	}
}
