// SPDX-License-Identifier: MIT
#include "net/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"

#define LINE_MOST 512
#define LOOK_MS	  200  /* where the kernel does not tell that it has ended */
#define DEATH_MS  1000 /* that a killed one may take to be gone */

struct child {
	struct loop *l;
	struct child_hooks hooks;
	pid_t pid; /* 0: it has ended and is reaped */
	int err, pidfd;
	bool group, closed;
	ev_io on_err, on_end;
	struct timer look;
	char line[LINE_MOST + 1];
	size_t len;
	struct deferred gone;
};

static void
end_line(struct child *c)
{
	c->line[c->len] = '\0';
	if (c->len && !c->closed)
		c->hooks.line(c->hooks.arg, c->line);
	c->len = 0;
}

static void
take(struct child *c, const char *p, size_t n)
{
	for (; n > 0; p++, n--) {
		if (*p == '\n')
			end_line(c);
		else if (*p != '\r' && c->len < LINE_MOST)
			c->line[c->len++] = *p ? *p : '?';
	}
}

void
child_read(struct child *c)
{
	char data[4096];
	ssize_t n = 1;

	while (!c->closed && c->err >= 0 &&
	    (n = read(c->err, data, sizeof(data))) > 0)
		take(c, data, (size_t)n);
	if (c->closed || c->err < 0 || (n < 0 && errno == EAGAIN))
		return;
	end_line(c);
	ev_io_stop(c->l->ev, &c->on_err);
	close(c->err);
	c->err = -1;
}

static void
on_err(struct ev_loop *ev, ev_io *w, int revents)
{
	struct child *c = w->data;

	(void)ev;
	(void)revents;
	child_read(c);
	loop_settle(c->l);
}

static void
stop_watching(struct child *c)
{
	timer_stop(&c->look);
	ev_io_stop(c->l->ev, &c->on_end);
	if (c->pidfd >= 0)
		close(c->pidfd);
	c->pidfd = -1;
}

static void
look(struct child *c)
{
	char how[80];
	int status;

	if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	c->pid = 0;
	stop_watching(c);
	child_read(c); /* its last words */
	if (c->closed)
		return;
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "it was ended by signal %d",
		    WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "it ended with status %d",
		    WEXITSTATUS(status));
	c->hooks.ended(c->hooks.arg, how);
}

static void
on_end(struct ev_loop *ev, ev_io *w, int revents)
{
	struct child *c = w->data;

	(void)ev;
	(void)revents;
	look(c);
	loop_settle(c->l);
}

static void
on_look(struct timer *t, void *arg)
{
	struct child *c = arg;

	timer_start(t, c->l, LOOK_MS, on_look, c);
	look(c);
}

/* The path to run; taken by the caller.  NULL: there is none. */
static char *
find(const char *program)
{
	const char *path = getenv("PATH"), *end;
	struct buf b = { 0 };
	char *found = NULL;

	if (strchr(program, '/'))
		return access(program, X_OK) == 0 ? mem_dup(program) : NULL;
	for (path = path ? path : "/usr/bin:/bin"; *path && !found;
	    path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":");
		if (end == path)
			continue; /* the current directory: not for us */
		buf_printf(&b, "%.*s/%s", (int)(end - path), path, program);
		if (access(buf_text(&b), X_OK) == 0)
			found = mem_dup(buf_text(&b));
		buf_take(&b, buf_len(&b));
	}
	buf_free(&b);
	return found;
}

static bool
same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* All of env, then what it does not name of ours. */
static char **
join_env(char *const *env)
{
	size_t n = 0, own = 0, i, k;
	char **all;

	while (env && env[own])
		own++;
	while (environ[n])
		n++;
	all = mem_zero((own + n + 1) * sizeof(*all));
	for (i = 0; i < own; i++)
		all[i] = env[i];
	for (n = own, i = 0; environ[i]; i++) {
		for (k = 0; k < own && !same_name(env[k], environ[i]); k++)
			;
		if (k == own)
			all[n++] = environ[i];
	}
	return all;
}

/* Between fork and exec: nothing here may allocate or lock. */
static _Noreturn void
become(const char *path, char *const *argv, char *const *env, int err,
    pid_t parent, bool terminal)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR), i;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || null < 0)
		_exit(127);
	if (!terminal)
		setsid();
	for (i = 1; i < NSIG; i++)
		sigaction(i, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	if (null > 2)
		close(null);
	execve(path, argv, env);
	_exit(127);
}

static void
watch(struct child *c)
{
	ev_io_init(&c->on_err, on_err, c->err, EV_READ);
	c->on_err.data = c;
	ev_io_start(c->l->ev, &c->on_err);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0) {
		timer_start(&c->look, c->l, LOOK_MS, on_look, c);
		return;
	}
	ev_io_init(&c->on_end, on_end, c->pidfd, EV_READ);
	c->on_end.data = c;
	ev_io_start(c->l->ev, &c->on_end);
}

struct child *
child_new(struct loop *l, const struct child_how *how,
    const struct child_hooks *hooks, struct buf *why)
{
	char *path = find(how->program), **env;
	pid_t self = getpid(), pid;
	struct child *c = NULL;
	int fd[2];

	if (!path) {
		buf_printf(why, "there is no program '%s' here",
		    how->program);
		return NULL;
	}
	if (pipe2(fd, O_CLOEXEC) < 0) {
		buf_printf(why, "cannot run '%s': %s", path, strerror(errno));
		free(path);
		return NULL;
	}
	env = join_env(how->env);
	pid = fork();
	if (pid == 0)
		become(path, how->argv, env, fd[1], self, how->terminal);
	if (pid < 0)
		buf_printf(why, "cannot run '%s': %s", path, strerror(errno));
	free(env);
	free(path);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return NULL;
	}
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	c = mem_new(struct child);
	c->l = l;
	c->hooks = *hooks;
	c->pid = pid;
	c->err = fd[0];
	c->group = !how->terminal;
	watch(c);
	return c;
}

int
child_pid(const struct child *c)
{
	return c->pid;
}

/* It cannot refuse to die: only a broken disk could make it late. */
static void
put_down(struct child *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	if (!c->group || kill(-c->pid, SIGKILL) < 0)
		kill(c->pid, SIGKILL);
	if (p.fd >= 0)
		poll(&p, 1, DEATH_MS);
	waitpid(c->pid, NULL, p.fd >= 0 ? WNOHANG : 0);
	c->pid = 0;
}

static void
free_child(struct deferred *d)
{
	free(list_item(d, struct child, gone));
}

void
child_close(struct child *c)
{
	if (!c || c->closed)
		return;
	c->closed = true;
	if (c->pid > 0)
		put_down(c);
	stop_watching(c);
	if (c->err >= 0) {
		ev_io_stop(c->l->ev, &c->on_err);
		close(c->err);
	}
	loop_defer(c->l, &c->gone, free_child);
}
