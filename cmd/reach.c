// SPDX-License-Identifier: MIT
#include "cmd/reach.h"

#include <string.h>

#define GOODBYE_MS 5000 /* for what is still on its way to the bastion */
#define ASK_MS	   10

static void
fail(struct reach *r, const char *why)
{
	if (r->over)
		return;
	timer_stop(&r->late);
	progress_done(&r->progress);
	r->cb(r->arg, NULL, why);
}

/* A worker that cannot reach its own port says so as Go does: "dial tcp
 * 127.0.0.1:22: connect: connection refused". */
static void
fail_call(struct reach *r, const char *error)
{
	const char *last = strrchr(error, ':');
	struct buf why = { 0 };

	if (strncmp(error, "dial tcp", 8) == 0 && last)
		buf_printf(&why, "worker '%s' cannot reach its port %d:%s",
		    r->conf.worker, r->port, last + 1);
	else
		buf_puts(&why, error);
	fail(r, buf_text(&why));
	buf_free(&why);
}

static void
on_called(void *arg, struct stream *s, const char *error)
{
	struct reach *r = arg;

	r->call = NULL;
	if (!s) {
		fail_call(r, error);
		return;
	}
	timer_stop(&r->late);
	progress_done(&r->progress);
	r->cb(r->arg, s, NULL);
}

static void
on_state(void *arg, enum far_state s, const char *why, uint64_t ms)
{
	struct reach *r = arg;
	const struct offer_want want = { .host = "localhost",
		.port = r->port };

	(void)ms;
	if (s == FAR_OVER)
		fail(r, why ? why : "it ended");
	else if (s == FAR_UP && !r->called)
		r->call = far_call(r->far, &want, on_called, r);
	r->called |= s == FAR_UP;
}

static void
on_step(void *arg, const char *what)
{
	struct reach *r = arg;

	progress_step(&r->progress, what);
}

static void
on_note(void *arg, const char *text)
{
	struct reach *r = arg;

	progress_done(&r->progress);
	say_err(r->progress.say, "%s", text);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	fail(arg, "no answer within 60 seconds");
}

int
reach_start(struct reach *r, struct loop *l, const struct person *p,
    bool plain, int port, struct say *say, reach_cb *cb, void *arg,
    struct buf *why)
{
	const struct far_hooks hooks = { .state = on_state, .step = on_step,
		.note = on_note, .arg = r };

	*r = (struct reach){ .l = l, .port = port, .cb = cb, .arg = arg };
	r->log = say_log(say);
	r->conf.plain = plain;
	r->conf.once = true;
	person_far(p, &r->conf);
	progress_start(&r->progress, l, say);
	r->far = far_new(l, &r->conf, &r->log, &hooks, why);
	if (!r->far)
		return -1;
	timer_start(&r->late, l, REACH_MS, on_late, r);
	return 0;
}

static void
on_ending(struct timer *t, void *arg)
{
	struct reach *r = arg;

	(void)t;
	if (list_empty(&r->l->lasts) || loop_now(r->l) >= r->ends)
		loop_stop(r->l, r->status);
	else
		timer_start(&r->ending, r->l, ASK_MS, on_ending, r);
}

void
reach_end(struct reach *r, int status)
{
	if (r->over)
		return;
	r->over = true;
	r->status = status;
	r->ends = loop_now(r->l) + GOODBYE_MS;
	timer_stop(&r->late);
	progress_done(&r->progress);
	far_free(r->far);
	timer_start(&r->ending, r->l, 0, on_ending, r);
}
