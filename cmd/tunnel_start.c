// SPDX-License-Identifier: MIT
/* tunnel start: everything is bound and locked here, by the process that the
 * user waits for; the one that keeps the tunnel up inherits it, with no moment
 * between in which another could take a port. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/progress.h"
#include "cmd/tunnel.h"
#include "core/mem.h"
#include "net/conn.h"

#define GRACE_MS 5000 /* beyond the timeout, for the child to say so itself */

struct start {
	const struct tunnel_opts *o;
	struct tunnel_plan plan;
	struct place place;
	int lock;
	struct progress progress;
	struct say say;
};

/* The one who waits for the child. */
struct waiter {
	struct start *start;
	struct loop *l;
	struct stream *child;
	struct buf line;
	struct timer late;
	bool said; /* its last word */
	bool stuck;
	int status;
	struct on_signal intr, term;
};

/* From the child, or in the foreground from this very process. */
static void
hear(struct start *s, enum tunnel_word w, const char *text)
{
	if (w != TUNNEL_STEP)
		progress_done(&s->progress);
	switch (w) {
	case TUNNEL_STEP:
		progress_step(&s->progress, text);
		break;
	case TUNNEL_NOTE:
		say_err(&s->say, "%s", text);
		break;
	case TUNNEL_LINE:
		say_out(&s->say, "%s", text);
		break;
	case TUNNEL_READY:
		say_out(&s->say, "Tunnel '%s' is running (PID: %s)",
		    s->plan.name, text);
		break;
	case TUNNEL_FAIL:
		say_err(&s->say, "Error: tunnel '%s': %s", s->plan.name,
		    text);
		break;
	}
}

static void
say_here(void *arg, enum tunnel_word w, const char *text)
{
	hear(arg, w, text);
}

static void
finish(struct waiter *w, int status)
{
	w->status = status;
	loop_stop(w->l, status);
}

static void
hear_line(struct waiter *w, const char *line)
{
	enum tunnel_word word = (enum tunnel_word)*line;

	if (*line)
		hear(w->start, word, line + 1);
	if (word != TUNNEL_READY && word != TUNNEL_FAIL)
		return;
	w->said = true;
	/* of one that failed nothing is left when it has closed */
	if (word == TUNNEL_READY)
		finish(w, 0);
	else
		w->status = 1;
}

static void
on_child(struct stream *c, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct waiter *w = arg;
	const uint8_t *stop;
	char *line;

	if (ev == STREAM_DATA) {
		buf_put(&w->line, p, n);
		stream_consumed(c, n);
		while (buf_len(&w->line) && (stop = memchr(buf_peek(&w->line),
		    '\n', buf_len(&w->line)))) {
			n = (size_t)(stop - buf_peek(&w->line));
			line = mem_dupn((const char *)buf_peek(&w->line), n);
			buf_take(&w->line, n + 1);
			hear_line(w, line);
			free(line);
		}
	} else if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		if (!w->said)
			hear(w->start, TUNNEL_FAIL, "its process has died; "
			    "see the log");
		finish(w, w->said ? w->status : 1);
	}
}

static void
on_late(struct timer *t, void *arg)
{
	struct waiter *w = arg;

	(void)t;
	hear(w->start, TUNNEL_FAIL, "its process does not answer");
	w->stuck = true;
	finish(w, 1);
}

/* It ends when it sees that nobody waits. */
static void
on_signal(void *arg, int number)
{
	struct waiter *w = arg;

	progress_done(&w->start->progress);
	finish(w, 128 + number);
}

static int
wait_for_child(struct start *s, int fd)
{
	struct waiter w = { .start = s, .status = 1 };
	struct log quiet = { LOG_ERROR, NULL, &s->say, say_flush };

	w.l = loop_new(&quiet);
	progress_start(&s->progress, w.l, &s->say);
	loop_signal(w.l, &w.intr, SIGINT, on_signal, &w);
	loop_signal(w.l, &w.term, SIGTERM, on_signal, &w);
	w.child = conn_new(w.l, fd);
	stream_on(w.child, on_child, &w);
	stream_want(w.child, true);
	timer_start(&w.late, w.l, (uint64_t)s->plan.timeout_ms + GRACE_MS,
	    on_late, &w);
	loop_run(w.l);
	progress_done(&s->progress);
	timer_stop(&w.late);
	stream_close(w.child);
	loop_signal_stop(w.l, &w.intr);
	loop_signal_stop(w.l, &w.term);
	loop_free(w.l);
	say_last(&quiet, -1); /* the tunnel does not wait for us */
	say_close(&s->say);
	buf_free(&w.line);
	if (w.stuck)
		tunnel_end(&s->place, s->plan.name);
	return w.status;
}

static int
failed(const char *what)
{
	say_line(stderr, "Error: %s: %s", what, strerror(errno));
	return 1;
}

/* No terminal, no directory that could not be unmounted, no standard streams
 * but the log. */
static void
leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	for (i = 0; i <= 2 && null >= 0; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
	(void)!chdir("/");
}

static int
run_super(struct start *s, int parent)
{
	struct tunnel_super_conf conf = { .plan = &s->plan,
		.place = &s->place, .lock = s->lock, .parent = parent,
		.say = say_here, .arg = s, .console = &s->say };

	place_sign(s->lock);
	return tunnel_super(&conf);
}

/* Twice, so that it is no leader of a session and never gets a terminal. */
static int
go_to_background(struct start *s)
{
	int pair[2], status = 1;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) < 0)
		return failed("socketpair");
	fflush(stdout);
	child = fork();
	if (child < 0)
		return failed("fork");
	if (child > 0) {
		close(pair[1]);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		/* the child alone holds them, or they would outlive it */
		tunnel_sockets_close(s->plan.sockets);
		s->plan.sockets = NULL;
		close(s->lock);
		s->lock = -1;
		return wait_for_child(s, pair[0]);
	}
	close(pair[0]);
	setsid();
	child = fork();
	if (child == 0) {
		leave_terminal();
		status = run_super(s, pair[1]);
	}
	/* the buffers of standard streams are the parent's to write */
	_exit(child > 0 ? 0 : status);
}

static int
run_here(struct start *s)
{
	struct log log = say_log(&s->say);
	int status;

	/* there is no loop yet for what comes later */
	progress_start(&s->progress, NULL, &s->say);
	status = run_super(s, -1);
	if (status == 0)
		say_out(&s->say, "Stopped tunnel (PID: %d)", (int)getpid());
	say_last(&log, SAY_LAST_MS);
	say_close(&s->say);
	return status;
}

static int
lock(struct start *s)
{
	struct place_owner dead;
	struct buf why = { 0 };
	int status = 0;

	s->lock = place_lock(&s->place, s->plan.name, &dead, &why);
	if (s->lock == PLACE_HELD) {
		fprintf(stderr, "Tunnel already running. Stop it first.\n");
		status = 1;
	} else if (s->lock < 0) {
		status = say_error(buf_text(&why));
	} else if (dead.pid) {
		fprintf(stderr, "Tunnel '%s' had died (PID: %d); starting it "
		    "anew\n", s->plan.name, dead.pid);
	}
	if (s->lock >= 0)
		place_sign(s->lock);
	buf_free(&why);
	return status;
}

/* Locked, bound and saved, in this order. */
static int
run_locked(struct start *s)
{
	struct buf why = { 0 };
	int r = tunnel_bind(&s->plan.sockets, &s->plan.specs,
	    s->plan.auto_port, &why);

	if (r == 0 && s->o->save)
		r = tunnel_save(&s->plan, s->o, &why);
	if (r < 0) {
		say_errors(buf_text(&why));
		buf_free(&why);
		place_clear(&s->place, s->plan.name);
		return 1;
	}
	if (s->plan.foreground)
		return run_here(s);
	return go_to_background(s);
}

/* What is given to us beside the standard streams is not for a process that
 * stays: somebody may wait for its end. */
static void
close_inherited(void)
{
	long fd, most = sysconf(_SC_OPEN_MAX);

	if (syscall(SYS_close_range, 3, ~0u, 0) == 0)
		return;
	for (fd = 3; fd < most && fd < 65536; fd++)
		close((int)fd);
}

int
tunnel_start(const struct call *c)
{
	struct start s = { .o = c->record, .lock = -1,
		.place = { .dir = -1 } };
	struct buf why = { 0 };
	const char *name;
	int r;

	if (!tunnel_one_name(c, &name))
		return 2;
	s.say = (struct say)SAY_START(s.o->people.verbose);
	if (!s.o->foreground)
		close_inherited();
	r = tunnel_plan(&s.plan, c, name, &why);
	if (r == 0)
		r = place_open(&s.place, c->env, true, &why);
	if (r == TUNNEL_USAGE) {
		r = tunnel_misuse(c, buf_text(&why));
	} else if (r < 0) {
		r = say_errors(buf_text(&why));
	} else {
		r = lock(&s);
		if (r == 0)
			r = run_locked(&s);
	}
	if (s.lock >= 0)
		close(s.lock);
	place_close(&s.place);
	tunnel_plan_release(&s.plan);
	buf_free(&why);
	return r;
}
