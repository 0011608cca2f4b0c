// SPDX-License-Identifier: MIT
#include "cmd/progress.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ERASE "\r\033[K"

/* A terminal that is stopped must not stop us. */
static void
say(const char *text, size_t n)
{
	struct pollfd out = { .fd = 2, .events = POLLOUT };

	if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) &&
	    write(2, text, n) < 0)
		return; /* it was only for the eye */
}

/* One line, however narrow the terminal is, or it could not be erased. */
static void
show(struct progress *p)
{
	struct winsize size = { .ws_col = 80 };
	char line[sizeof(p->now) + 16];
	size_t n = strlen(p->now), most;
	int len;

	if (ioctl(2, TIOCGWINSZ, &size) < 0 || size.ws_col < 8)
		size.ws_col = 80;
	most = size.ws_col - 5u;
	while (n > most || (n < strlen(p->now) && (p->now[n] & 0xc0) == 0x80))
		n--;
	len = snprintf(line, sizeof(line), ERASE "%.*s ...", (int)n, p->now);
	say(line, (size_t)len);
	p->shown = true;
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	show(arg);
}

void
progress_start(struct progress *p, struct loop *l, bool verbose)
{
	*p = (struct progress){ .l = l, .verbose = verbose,
		.terminal = !verbose && isatty(2) };
}

void
progress_step(struct progress *p, const char *what)
{
	char *c;

	snprintf(p->now, sizeof(p->now), "%s", what);
	for (c = p->now; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?'; /* it may come from a peer */
	if (p->verbose)
		fprintf(stderr, "culvert: %s\n", p->now);
	else if (p->terminal && p->shown)
		show(p);
	else if (p->terminal && !timer_active(&p->late))
		timer_start(&p->late, p->l, PROGRESS_MS, on_late, p);
}

void
progress_done(struct progress *p)
{
	timer_stop(&p->late);
	if (p->shown)
		say(ERASE, sizeof(ERASE) - 1);
	p->shown = false;
}
