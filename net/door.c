// SPDX-License-Identifier: MIT
#include "net/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/allow.h"
#include "core/mem.h"
#include "crypto/hash.h"
#include "net/listen.h"
#include "net/twin.h"

#define DOORS	   64  /* of one client */
#define DOOR_TRIES 256 /* ports tried for one that may be any */
#define DOOR_LOW   1024 /* below it no port is picked */
#define DOOR_TOLD  256 /* lines a minute, of all */

const struct mux_limits door_limits = {
	.window = MUX_WINDOW_MAX,
	.window_sum = 16 * 1024 * 1024,
	.streams = 1024,
	.backlog = 1024, /* who is ours acknowledges at once */
	.keepalive = 15000,
	.reply = 10000,
	.open = 15000,
	.close = 300000,
};

struct door {
	struct client *c;
	struct list at;
	const char *offer;
	struct door_name name;
	int port;
	struct listener *listener[TWIN];
	struct link *link;
	struct deferred gone;
};

static bool
may_tell(struct client *c)
{
	return pace_count(&c->doors_told, loop_now(c->l), 60000) <= DOOR_TOLD;
}

static void
free_door(struct deferred *gone)
{
	free(list_item(gone, struct door, gone));
}

static void
end(struct door *d, const char *why)
{
	size_t i;

	if (may_tell(d->c))
		log_info(d->c->log, "[%s] [%s] port %d of loopback is closed: "
		    "%s", d->c->tag, d->offer, d->port, why);
	for (i = 0; i < TWIN; i++)
		listen_close(d->listener[i]);
	link_close(d->link, true);
	list_del(&d->at);
	d->c->ndoors--;
	loop_defer(d->c->l, &d->gone, free_door);
}

static void
on_user(void *arg, int fd, const struct addr *from)
{
	static const struct conn_keep keep = { .idle = 60, .step = 15,
		.tries = 4, .far_only = true };
	struct door *d = arg;
	struct stream *s = link_open(d->link);

	(void)from;
	if (s) {
		conn_tune(fd, &keep);
		relay_new(d->c->l, conn_new(d->c->l, fd), s, NULL, NULL);
		return;
	}
	close(fd);
	if (may_tell(d->c))
		log_warn(d->c->log, "[%s] [%s] port %d of loopback: a user is "
		    "turned away: %zu are there", d->c->tag, d->offer, d->port,
		    link_streams(d->link));
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	if (ev == LINK_DOWN)
		end(arg, link_why(k));
	if (ev != LINK_OPEN)
		return;
	stream_close(s);
	end(arg, "the visitor opened a stream, which is not for it to do");
}

static struct door *
find(struct client *c, const struct door_name *name)
{
	struct list *at;

	list_each(at, &c->doors) {
		struct door *d = list_item(at, struct door, at);

		if (hash_same(d->name.id, name->id, DOOR_ID))
			return d;
	}
	return NULL;
}

static bool
allows(const struct allow *a, int port)
{
	return allow_check(a, "localhost", NULL, 0, port);
}

/* From a place that nobody can guess on, round once. */
static int
bind_any(struct twin *t, const struct allow *a)
{
	int span = 65536 - DOOR_LOW, left = DOOR_TRIES, i, port;
	int from = (int)(loop_dice() % (uint32_t)span);

	for (i = 0; i < span && left; i++) {
		port = DOOR_LOW + (from + i) % span;
		if (!allows(a, port))
			continue;
		left--;
		if (twin_bind(t, port) > 0)
			return port;
	}
	return -1;
}

static void
not_allowed(const struct door_how *how, struct buf *why)
{
	if (how->port)
		buf_printf(why, "'%s' does not allow remote port %d: start its "
		    "offer with --allow-remote %d", how->offer, how->port,
		    how->port);
	else
		buf_printf(why, "'%s' does not allow remote ports: start its "
		    "offer with --allow-remote and those that it may pick, as "
		    "in 40000-40100", how->offer);
}

static void
not_bound(const struct door_how *how, int error, struct buf *why)
{
	if (!how->port)
		buf_printf(why, "no remote port is free at '%s'", how->offer);
	else if (error == EADDRINUSE)
		buf_printf(why, "port %d is taken at '%s'", how->port,
		    how->offer);
	else
		buf_printf(why, "port %d cannot be opened at '%s': %s",
		    how->port, how->offer, error == EACCES ?
		    "ports below 1024 are for root" : strerror(error));
}

/* The port, or why not. */
static int
bind_door(struct client *c, struct twin *t, const struct door_how *how,
    const struct door_name *name, struct buf *why)
{
	struct allow allow = { 0 };
	struct door *old;
	int port = -1;

	/* it was checked when it was set */
	if (how->allow)
		allow_parse_here(&allow, how->allow, why);
	if (how->port ? !allows(&allow, how->port) : !allow.n) {
		not_allowed(how, why);
		allow_release(&allow);
		return -1;
	}
	old = find(c, name);
	if (old)
		end(old, "its visitor has come anew");
	twin_set(t, name->family == 4 ? "127.0.0.1" :
	    name->family == 6		    ? "::1" :
					      NULL);
	if (c->ndoors >= DOORS) {
		buf_printf(why, "'%s' has %d remote ports open already, which "
		    "is the most", how->offer, DOORS);
	} else {
		port = how->port ? twin_bind(t, how->port) :
				   bind_any(t, &allow);
		if (port < 0)
			not_bound(how, errno, why);
	}
	allow_release(&allow);
	return port;
}

struct door *
door_open(struct client *c, const struct door_how *how,
    enum socks5_code *code, struct buf *why)
{
	int fd[TWIN] = { -1, -1 }, port;
	struct twin t = { .fd = fd, .type = SOCK_STREAM };
	struct door_name name;
	struct door *d;
	size_t i;

	*code = SOCKS5_NO_COMMAND;
	if (!door_name_read(&name, how->name)) {
		buf_puts(why, "BIND");
		return NULL;
	}
	*code = SOCKS5_DENIED;
	port = bind_door(c, &t, how, &name, why);
	if (port < 0)
		return NULL;
	d = mem_new(struct door);
	d->c = c;
	d->offer = how->offer;
	d->name = name;
	d->port = port;
	list_add(&c->doors, &d->at);
	c->ndoors++;
	for (i = 0; i < TWIN; i++)
		if (fd[i] >= 0)
			d->listener[i] = listen_adopt(c->l, fd[i], on_user, d);
	if (may_tell(c))
		log_info(c->log, "[%s] [%s] port %d of loopback is open for a "
		    "visitor from [%s]", c->tag, d->offer, port,
		    how->from && *how->from ? how->from : "?");
	return d;
}

int
door_port(const struct door *d)
{
	return d->port;
}

void
door_lead(struct door *d, struct stream *s)
{
	d->link = link_new(d->c->l, s, MUX_SERVER, &door_limits, on_link, d);
}

void
doors_end(struct client *c)
{
	while (!list_empty(&c->doors))
		end(list_item(c->doors.next, struct door, at),
		    "the way to the server is closed");
}
