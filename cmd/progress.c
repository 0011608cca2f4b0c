// SPDX-License-Identifier: MIT
#include "cmd/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/plain.h"

#define ERASE "\r\033[K"

/* It is only for the eye: where a terminal is stopped there is none. */
static void
paint(struct progress *p, const char *text, size_t n)
{
	if (out_flush(&p->say->err) == 0)
		out_put(&p->say->err, text, n);
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
	paint(p, line, (size_t)len);
	p->shown = true;
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	show(arg);
}

void
progress_start(struct progress *p, struct loop *l, struct say *say)
{
	*p = (struct progress){ .l = l, .say = say,
		.terminal = l && !say->verbose && isatty(2) };
}

void
progress_step(struct progress *p, const char *what)
{
	plain_copy(p->now, sizeof(p->now), what);
	if (p->say && p->say->verbose)
		say_err(p->say, "culvert: %s", p->now);
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
		paint(p, ERASE, sizeof(ERASE) - 1);
	p->shown = false;
}
