// SPDX-License-Identifier: MIT
/* A machine with sshd, by way of the system's ssh.  It runs as a master of
 * connections whose socket only we know; each stream is asked for there, so
 * nothing is bound here, and each has an error of its own. */
#include "net/far_ssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/pace.h"

#define FIND_MS	    25	   /* between looks for the master's socket */
#define LOGIN_MS    30000  /* until it is there; */
#define ASK_MS	    180000 /* with somebody who types meanwhile */

static const struct pace pace_network = { .first_ms = 1000, .cap_ms = 60000 };
static const struct pace pace_person = { .first_ms = 60000, .cap_ms = 60000 };

static void attempt(struct ssh_side *x);

static void
clear_refusals(struct ssh_side *x)
{
	while (x->nrefusals)
		free(x->refusals[--x->nrefusals]);
}

static void
tear_down(struct ssh_side *x)
{
	timer_stop(&x->find);
	timer_stop(&x->late);
	timer_stop(&x->alive);
	timer_stop(&x->again);
	ssh_echo_end(x);
	ssh_line_close(x->line);
	x->line = NULL;
	child_close(x->child);
	x->child = NULL;
	x->f->stat.pid = 0;
	unlink(buf_text(&x->path));
	ssh_guard_end(&x->guard);
	clear_refusals(x);
}

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	attempt(arg);
}

void
ssh_side_lost(struct ssh_side *x, const char *why, const char *hint,
    bool mends)
{
	char text[FAR_TEXT];
	uint32_t ms;

	snprintf(text, sizeof(text), "ssh to '%s': %s%s", buf_text(&x->name),
	    why, hint);
	if (x->f->state == FAR_UP &&
	    loop_now(x->f->l) - x->up_since >= FAR_STEADY_MS)
		x->tries = 0;
	tear_down(x);
	ssh_remotes_end(x, text);
	if (x->f->freed)
		return;
	if (x->f->conf->once) {
		far_enter(x->f, FAR_OVER, text, 0);
		return;
	}
	ms = pace_wait(mends ? &pace_network : &pace_person, x->tries++,
	    loop_dice());
	timer_start(&x->again, x->f->l, ms, on_again, x);
	far_enter(x->f, FAR_WAITING, text, ms);
}

static void
on_child_ended(void *arg, const char *how)
{
	struct ssh_side *x = arg;
	struct buf hint = { 0 };
	/* one that is killed says nothing to that */
	const char *why = *x->last && !strstr(how, "signal") ? x->last : how;
	char text[FAR_TEXT];
	bool mends;

	snprintf(text, sizeof(text), "%s", why);
	far_ssh_put_hint(&hint, x->f->conf->ssh, text, &mends);
	ssh_side_lost(x, text, buf_text(&hint), mends);
	buf_free(&hint);
}

/* "channel 2: open failed: connect failed: Connection refused" */
static void
on_child_line(void *arg, const char *line)
{
	static const char failed[] = ": open failed: ";
	struct ssh_side *x = arg;
	const char *p = strstr(line, failed);

	log_info(x->f->log, "ssh: %s", line);
	if (p && strncmp(line, "channel ", 8) == 0) {
		if (x->nrefusals < SSH_REFUSALS)
			x->refusals[x->nrefusals++] =
			    mem_dup(p + sizeof(failed) - 1);
	} else if (!far_ssh_is_chat(line)) {
		snprintf(x->last, sizeof(x->last), "%s", line);
	}
}

const char *
ssh_side_refusal(struct ssh_side *x)
{
	/* it was written before the answer that we have seen */
	if (x->child)
		child_read(x->child);
	if (x->nrefusals == 0)
		return "the machine refused";
	/* masters answer in the order in which they write */
	snprintf(x->refusal, sizeof(x->refusal), "%s", x->refusals[0]);
	free(x->refusals[0]);
	memmove(x->refusals, x->refusals + 1,
	    --x->nrefusals * sizeof(*x->refusals));
	return x->refusal;
}

/* ---- whether it lives ---- */

static uint32_t
ask_alive(struct ssh_guard *g)
{
	struct ssh_side *x = list_item(g, struct ssh_side, guard);
	struct buf request = { 0 };
	bool said;

	if (++x->asked == 0)
		x->asked = 1;
	ssh_mux_put_alive(&request, x->asked);
	said = x->line && ssh_line_say(x->line, &request);
	buf_free(&request);
	return said ? x->asked : 0;
}

static void
on_alive_late(struct timer *t, void *arg)
{
	(void)t;
	ssh_side_lost(arg, "ssh itself does not answer", "", true);
}

static void
on_alive_time(struct timer *t, void *arg)
{
	struct ssh_side *x = arg;

	ask_alive(&x->guard);
	timer_start(t, x->f->l, ECHO_LATE_MS, on_alive_late, x);
}

static void
on_alive(struct ssh_side *x, uint32_t number)
{
	if (number == x->asked)
		timer_start(&x->alive, x->f->l, ECHO_EVERY_MS, on_alive_time,
		    x);
	ssh_guard_answered(&x->guard, number);
}

static void
come_up(struct ssh_side *x)
{
	timer_stop(&x->late);
	*x->last = '\0';
	x->up_since = loop_now(x->f->l);
	ssh_echo_start(x);
	ssh_remotes_start(x);
	on_alive_time(&x->alive, x);
	far_enter(x->f, FAR_UP, NULL, 0);
}

/* ---- from the start to the master's socket ---- */

static void look(struct ssh_side *x);

static void
on_find(struct timer *t, void *arg)
{
	(void)t;
	look(arg);
}

static void
on_line(void *arg, const struct ssh_mux_msg *m)
{
	struct ssh_side *x = arg;
	bool up = !timer_active(&x->late);

	if (m && m->type == SSH_MUX_HELLO && !up) {
		come_up(x);
	} else if (m && m->type == SSH_MUX_ALIVE) {
		on_alive(x, m->id);
	} else if (!m && !up) {
		ssh_line_close(x->line); /* it is not there yet */
		x->line = NULL;
		timer_start(&x->find, x->f->l, FIND_MS, on_find, x);
	} else if (!m) {
		/* it ends: what it says to that comes with its end */
		ssh_line_close(x->line);
		x->line = NULL;
	}
}

static void
look(struct ssh_side *x)
{
	struct ssh_line_ask ask = { .path = buf_text(&x->path) };

	x->line = ssh_line_new(x->f->l, &ask, on_line, x);
}

static void
on_login_late(struct timer *t, void *arg)
{
	(void)t;
	ssh_side_lost(arg, "no login in all this time", "", true);
}

static void
attempt(struct ssh_side *x)
{
	char *env[] = { (char *)(uintptr_t)"SSH_ASKPASS_REQUIRE=never", NULL };
	const struct far_ssh_conf *c = x->f->conf->ssh;
	struct child_hooks hooks = { on_child_line, on_child_ended, x };
	struct child_how how = { .program = c->program ? c->program : "ssh",
		.env = c->ask ? NULL : env, .terminal = c->ask };
	struct buf why = { 0 };
	char **argv = far_ssh_args(c, buf_text(&x->path));

	far_step(x->f, "connecting to '%s'", buf_text(&x->name));
	far_enter(x->f, FAR_CONNECTING, NULL, 0);
	if (!x->f->freed) {
		*x->last = '\0';
		unlink(buf_text(&x->path)); /* of one that was killed */
		how.argv = argv;
		x->child = child_new(x->f->l, &how, &hooks, &why);
	}
	far_ssh_args_free(argv);
	if (x->child) {
		x->f->stat.pid = child_pid(x->child);
		timer_start(&x->late, x->f->l, c->ask ? ASK_MS : LOGIN_MS,
		    on_login_late, x);
		timer_start(&x->find, x->f->l, FIND_MS, on_find, x);
	} else if (!x->f->freed) {
		ssh_side_lost(x, buf_text(&why),
		    " (install OpenSSH's client)", false);
	}
	buf_free(&why);
}

static int
start(struct far *f, struct buf *why)
{
	struct ssh_side *x;
	size_t i;

	if (far_ssh_check(f->conf->ssh, why) < 0)
		return -1;
	x = mem_new(struct ssh_side);
	f->own = x;
	x->f = f;
	buf_printf(&x->path, "%s/ctl", f->conf->ssh->dir);
	far_ssh_put_name(&x->name, f->conf->ssh);
	ssh_guard_init(&x->guard, ask_alive);
	x->remotes = mem_zero((f->conf->nremotes + 1) * sizeof(*x->remotes));
	for (i = 0; i < f->conf->nremotes; i++) {
		x->remotes[i].side = x;
		x->remotes[i].i = i;
	}
	timer_start(&x->again, f->l, 0, on_again, x);
	return 0;
}

static void
free_side(struct deferred *d)
{
	struct ssh_side *x = list_item(d, struct ssh_side, gone);

	buf_free(&x->path);
	buf_free(&x->name);
	free(x->remotes);
	free(x);
}

static void
stop(struct far *f)
{
	struct ssh_side *x = f->own;

	tear_down(x);
	ssh_remotes_end(x, NULL);
	loop_defer(f->l, &x->gone, free_side);
}

static void
retry(struct far *f)
{
	struct ssh_side *x = f->own;

	x->tries = 0;
	timer_start(&x->again, f->l, 0, on_again, x);
}

static void
on_opened(void *arg, struct stream *s, const char *error)
{
	struct far_call *c = arg;

	c->own = NULL;
	far_answer(c, s, error);
}

static void
on_udp(struct timer *t, void *arg)
{
	(void)t;
	far_answer(arg, NULL, "UDP does not go through ssh");
}

static void
call(struct far_call *c, const struct offer_want *w)
{
	struct ssh_side *x = c->f->own;
	struct buf request = { 0 };

	if (w->udp) {
		timer_start(&c->now, c->f->l, 0, on_udp, c);
		return;
	}
	ssh_mux_put_stdio(&request, 1, w->host, w->port);
	c->own = ssh_open(x, &request, false, on_opened, c);
}

static void
cancel(struct far_call *c)
{
	ssh_open_cancel(c->own);
	c->own = NULL;
}

const struct far_kind far_ssh = {
	.start = start,
	.stop = stop,
	.retry = retry,
	.call = call,
	.cancel = cancel,
};
