// SPDX-License-Identifier: MIT
/* tunnel stop: asks over the socket, then tells by a signal, then kills; but
 * only the process that has the lock, began when the lock says, and is held
 * by a descriptor of its own, so that its number cannot become another's. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cmd/tunnel.h"
#include "net/admin.h"

#define ASK_MS	1000
#define STOP_MS 5000 /* for each way of telling */
#define LAST_MS 1000 /* from the lock being free to the process being gone */

static bool
is_free(const struct place *p, const char *name)
{
	struct place_owner o;

	return place_look(p, name, &o) != PLACE_LIVES;
}

/* Until the lock is free: with it go the sockets. */
static bool
wait_free(const struct place *p, const char *name, int pidfd, int ms)
{
	static const struct timespec nap = { 0, 10000000 };
	struct pollfd gone = { .fd = pidfd, .events = POLLIN };
	struct timespec t;
	int64_t until;

	clock_gettime(CLOCK_MONOTONIC, &t);
	until = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
	for (;;) {
		if (is_free(p, name))
			return true;
		clock_gettime(CLOCK_MONOTONIC, &t);
		if (t.tv_sec * 1000 + t.tv_nsec / 1000000 >= until)
			return false;
		if (pidfd < 0 || poll(&gone, 1, 10) > 0)
			nanosleep(&nap, NULL);
	}
}

/* A descriptor of the process that is known to be the lock's owner; or -1. */
static int
open_owner(const struct place *p, const char *name,
    const struct place_owner *o)
{
	int fd;

	if (o->pid <= 1)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, o->pid, 0);
	if (fd >= 0 && !place_is_owner(p, name, o)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
ask_to_stop(const struct place *p, const char *name)
{
	char path[PLACE_NAME_MAX + 64];
	struct buf answer = { 0 };
	struct admin_peer peer;

	if (admin_call(&peer, place_socket(path, p, name), ASK_MS) < 0)
		return;
	(void)!admin_ask(&peer, "{\"do\":\"stop\"}", &answer, ASK_MS);
	admin_hang_up(&peer);
	buf_free(&answer);
}

int
tunnel_end(const struct place *p, const char *name)
{
	static const int signals[] = { SIGTERM, SIGKILL };
	struct place_owner o;
	bool gone;
	size_t i;
	int fd;

	place_look(p, name, &o);
	fd = open_owner(p, name, &o);
	ask_to_stop(p, name);
	gone = wait_free(p, name, fd, STOP_MS);
	for (i = 0; !gone && fd >= 0 && i < 2; i++) {
		if (syscall(SYS_pidfd_send_signal, fd, signals[i], NULL, 0) <
		    0 && errno != ESRCH)
			break;
		gone = wait_free(p, name, fd, STOP_MS);
	}
	/* its last moment, so that nobody sees it after this */
	if (gone && fd >= 0)
		(void)poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1,
		    LAST_MS);
	if (fd >= 0)
		close(fd);
	return gone ? 0 : -1;
}

/* What a dead one has left is taken away, unless another has begun. */
static void
tidy(const struct place *p, const char *name)
{
	struct place_owner dead;
	struct buf unsaid = { 0 };
	int fd = place_lock(p, name, &dead, &unsaid);

	if (fd >= 0) {
		place_clear(p, name);
		close(fd);
	}
	buf_free(&unsaid);
}

static void
say(const char *text, const char *name, int pid)
{
	bool named = strcmp(name, "default") != 0;

	printf("%s", text);
	if (pid)
		printf(" (PID: %d)", pid);
	printf(named ? ": '%s'\n" : "\n", name);
}

static int
stop_one(const struct place *p, const char *name)
{
	struct place_owner o;

	switch (place_look(p, name, &o)) {
	case PLACE_DEAD:
		tidy(p, name);
		say("Tunnel process not found (already stopped?)", name, 0);
		return 0;
	case PLACE_LIVES:
		if (tunnel_end(p, name) == 0) {
			tidy(p, name); /* of one that was killed */
			say("Stopped tunnel", name, o.pid);
			return 0;
		}
		say_line(stderr, "Error: the tunnel '%s' does not end; its "
		    "process%s could not be made to", name,
		    o.pid ? "" : ", which is not known,");
		return 1;
	case PLACE_FREE:
		break;
	}
	return -1;
}

static int
nothing_to_stop(const struct place *p, const char *name)
{
	struct strings all = place_names(p);
	struct place_owner o;
	const char *before = "; running: ";
	size_t i;

	fprintf(stderr, "No tunnel '%s' is running", name);
	for (i = 0; i < all.n; i++) {
		if (place_look(p, all.v[i], &o) == PLACE_LIVES) {
			fprintf(stderr, "%s'%s'", before, all.v[i]);
			before = ", ";
		}
		free(all.v[i]);
	}
	free(all.v);
	fputs("\n", stderr);
	return 1;
}

static int
stop_all(const struct place *p)
{
	struct strings all = place_names(p);
	int worst = -1, r;
	size_t i;

	for (i = 0; i < all.n; i++) {
		r = stop_one(p, all.v[i]);
		worst = r > worst ? r : worst;
		free(all.v[i]);
	}
	free(all.v);
	if (worst >= 0)
		return worst;
	fputs("No tunnel is running\n", stderr);
	return 1;
}

int
tunnel_stop(const struct call *c)
{
	const struct tunnel_opts *o = c->record;
	struct buf why = { 0 };
	struct place p;
	const char *name;
	int r;

	if (!tunnel_one_name(c, &name))
		return 2;
	if (name && o->all)
		return tunnel_misuse(c, "either a name or --all");
	name = name ? name : "default";
	if (place_open(&p, c->env, false, &why) < 0) {
		r = say_error(buf_text(&why));
	} else if (o->all) {
		r = stop_all(&p);
	} else {
		r = stop_one(&p, name);
		if (r < 0)
			r = nothing_to_stop(&p, name);
	}
	place_close(&p);
	buf_free(&why);
	return r;
}
