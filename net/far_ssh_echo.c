// SPDX-License-Identifier: MIT
/* How far it is, and whether the whole path lives: a command there that sends
 * back what it gets, where commands may be run. */
#include "net/far_ssh.h"

#include <string.h>

#define SLOW_MS 60000

static void ask_echo(struct ssh_side *x);

static void
on_echo_again(struct timer *t, void *arg)
{
	(void)t;
	ask_echo(arg);
}

static void
on_echo(void *arg, int64_t us, const char *why)
{
	struct ssh_side *x = arg;

	if (us >= 0) {
		x->echoes = true;
		far_rtt(x->f, us);
		return;
	}
	echo_close(x->echo);
	x->echo = NULL;
	/* a machine where commands are not run has not answered before; and
	 * one whose command was ended answers to the next */
	if (x->echoes && strstr(why, "no answer"))
		ssh_side_lost(x, why, "", true);
	else if (x->echoes)
		timer_start(&x->echo_again, x->f->l, ECHO_EVERY_MS,
		    on_echo_again, x);
	else if (strstr(why, "no answer")) /* its shell is slow to start */
		timer_start(&x->echo_again, x->f->l, SLOW_MS, on_echo_again,
		    x);
}

static void
on_session(void *arg, struct stream *s, const char *error)
{
	struct ssh_side *x = arg;

	x->session = NULL;
	if (s)
		x->echo = echo_new(x->f->l, s, on_echo, x);
	else
		log_info(x->f->log, "ssh: no command there, so how far it is "
		    "remains unknown: %s", error);
}

static void
ask_echo(struct ssh_side *x)
{
	struct buf request = { 0 };

	ssh_mux_put_session(&request, 1, "exec cat");
	x->session = ssh_open(x, &request, true, on_session, x);
}

void
ssh_echo_start(struct ssh_side *x)
{
	x->echoes = false;
	ask_echo(x);
}

void
ssh_echo_end(struct ssh_side *x)
{
	timer_stop(&x->echo_again);
	ssh_open_cancel(x->session);
	x->session = NULL;
	echo_close(x->echo);
	x->echo = NULL;
}
