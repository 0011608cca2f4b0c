// SPDX-License-Identifier: MIT
/* The way to the worker is made first, by a child; then this process becomes
 * ssh, which gets the connection handed over.  So the terminal, the signals
 * and the exit status are ssh's own, and what cannot be reached is told before
 * ssh says a word.  The child carries the bytes until ssh lets go of them; it
 * holds none of ssh's descriptors, and no terminal. */
#include "cmd/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/reach.h"
#include "cmd/ssh_ask.h"
#include "cmd/ssh_words.h"
#include "core/mem.h"
#include "core/plain.h"
#include "net/hand.h"
#include "net/stdio.h"

struct carry { /* in the child */
	struct reach reach;
	struct hand *hand;
	struct stdio *stdio;
	struct on_signal on_term;
	int listen, tell;
	struct say say;
	bool taken; /* by ssh */
};

/* ssh may have made the terminal raw. */
static void
tell_lost(struct carry *c, const char *why)
{
	struct buf b = { 0 };

	buf_puts(&b, "\r\nculvert: the connection is lost: ");
	plain_put(&b, why);
	buf_puts(&b, "\r\n");
	if (isatty(2))
		out_put(&c->say.err, buf_peek(&b), buf_len(&b));
	buf_free(&b);
}

static void
on_done(void *arg, const char *why)
{
	struct carry *c = arg;

	c->stdio = NULL;
	if (why && c->taken)
		tell_lost(c, why);
	reach_end(&c->reach, 0);
}

static void
on_knock(void *arg, int fd)
{
	struct carry *c = arg;

	hand_free(c->hand);
	c->hand = NULL;
	c->taken = true;
	/* from now on the connection is what counts, even if ssh becomes two
	 * processes, of which the first ends */
	prctl(PR_SET_PDEATHSIG, 0);
	if (c->stdio)
		stdio_use(c->stdio, fd, fd);
	else
		close(fd);
}

/* Whoever waits for the end of what ssh reads or writes must not have to wait
 * for us, too. */
static void
let_go(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static void
on_reached(void *arg, struct stream *s, const char *why)
{
	struct carry *c = arg;

	if (!s && c->tell >= 0) {
		reach_end(&c->reach, connect_failed(why));
		return;
	}
	if (!s) {
		if (c->taken && c->stdio)
			tell_lost(c, why);
		stdio_free(c->stdio);
		c->stdio = NULL;
		reach_end(&c->reach, 0);
		return;
	}
	c->stdio = stdio_new(c->reach.l, s, on_done, c);
	c->hand = hand_new(c->reach.l, c->listen, on_knock, c);
	setsid();
	if (!isatty(2) && !c->say.verbose) {
		say_close(&c->say);
		let_go(2);
	}
	if (write(c->tell, "+", 1) != 1)
		reach_end(&c->reach, CONNECT_FAILED);
	close(c->tell);
	c->tell = -1;
}

static void
on_term(void *arg, int number)
{
	struct carry *c = arg;

	(void)number;
	stdio_free(c->stdio);
	c->stdio = NULL;
	reach_end(&c->reach, CONNECT_FAILED);
}

static int
carry(const struct person *p, const struct connect_opts *o, int port,
    int listen, int tell, pid_t parent)
{
	struct carry c = { .listen = listen, .tell = tell,
		.say = SAY_START(o->people.verbose) };
	struct log log = say_log(&c.say);
	struct buf why = { 0 };
	struct loop *l;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		return CONNECT_FAILED;
	let_go(0);
	let_go(1);
	l = loop_new(&log);
	if (reach_start(&c.reach, l, p, o->tcp, port, &c.say, on_reached, &c,
		&why) < 0) {
		status = connect_failed(buf_text(&why));
	} else {
		loop_signal(l, &c.on_term, SIGTERM, on_term, &c);
		status = loop_run(l);
	}
	hand_free(c.hand);
	conn_end_all(l);
	loop_free(l);
	say_last(&log, SAY_LAST_MS);
	say_close(&c.say);
	buf_free(&why);
	return status;
}

/* Waits until the way is there.  <0: the child has told why it is not. */
static int
wait_for(int fd, pid_t child)
{
	char byte;
	ssize_t n;
	int status;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!WIFEXITED(status))
		connect_failed("the process that connects was ended");
	return -1;
}

/* Becomes ssh. */
static int
run_ssh(const struct person *p, const struct connect_opts *o, pid_t child,
    const char *name, bool accept_new, char *const *words, size_t n)
{
	const char *ours[16], **to = ours;
	struct ssh_words w = { .ours = ours, .host = p->worker };
	const char *user = o->user ? o->user : p->of ? p->of->ssh_user : NULL;
	const char *key = o->key ? o->key : p->of ? p->of->ssh_key : NULL;
	struct buf proxy = { 0 }, alias = { 0 };
	int error;

	/* no path that a shell could misread, and the same file even if
	 * another has come in its place */
	buf_printf(&proxy, "ProxyCommand=/proc/%d/exe hand %s", (int)child,
	    name);
	buf_printf(&alias, "HostKeyAlias=%s", p->worker);
	*to++ = "-o";
	*to++ = buf_text(&proxy);
	*to++ = "-o";
	*to++ = "ProxyUseFdpass=yes";
	*to++ = "-o";
	*to++ = buf_text(&alias);
	if (accept_new) {
		*to++ = "-o";
		*to++ = "StrictHostKeyChecking=accept-new";
	}
	if (user) {
		*to++ = "-l";
		*to++ = user;
	}
	if (key) {
		*to++ = "-i";
		*to++ = key;
	}
	*to = NULL;
	execvp("ssh", ssh_words_make(&w, words, n));
	error = errno;
	fprintf(stderr, "Error: ssh cannot be run: %s\n", strerror(error));
	return CONNECT_FAILED;
}

int
connect_ssh(const struct person *p, const struct connect_opts *o, int port,
    char *const *words, size_t n)
{
	char name[HAND_NAME];
	bool accept_new = false;
	int listen, tell[2];
	pid_t self = getpid(), child;

	if (ssh_ask(p->worker, words, n, &accept_new) < 0)
		return connect_failed("there is no ssh in $PATH: install "
		    "OpenSSH's client, or use --stdio");
	listen = hand_listen(name);
	if (listen < 0 || pipe2(tell, O_CLOEXEC) < 0)
		return connect_failed(strerror(errno));
	child = fork();
	if (child < 0)
		return connect_failed(strerror(errno));
	if (child == 0) {
		close(tell[0]);
		exit(carry(p, o, port, listen, tell[1], self));
	}
	close(tell[1]);
	close(listen);
	if (wait_for(tell[0], child) < 0)
		return CONNECT_FAILED;
	return run_ssh(p, o, child, name, accept_new, words, n);
}
