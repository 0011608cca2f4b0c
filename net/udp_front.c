// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/pace.h"
#include "core/packet_queue.h"
#include "crypto/rand.h"
#include "net/listen.h"
#include "net/udp.h"

#define FRONT_BATCH 64	 /* datagrams taken in one event */
#define FRONT_WAIT  1024 /* that wait for a pipe, as frp */
#define FRONT_BYTES (1024 * 1024)

struct udp_front {
	struct loop *l;
	ev_io io;
	int fd;
	char *name;
	udp_front_ask *ask;
	void *arg;
	struct udp_pipe *pipe;
	struct packet_queue waiting; /* until there is a pipe */
	struct timer again, idle;
	struct pace_gate told, told_unasked;
	struct udp_table *users;
	uint64_t unasked; /* datagrams for whom nobody has heard */
	struct udp_front_stat stat;
	struct deferred gone;
	bool asked;
};

#define FRONT_AGAIN 1000 /* ms, as frp: to ask again for a pipe */

static void
on_again(struct timer *t, void *arg)
{
	struct udp_front *f = arg;

	(void)t;
	f->asked = false;
	if (!f->pipe && packet_queue_peek(&f->waiting)) {
		f->asked = true;
		timer_start(&f->again, f->l, FRONT_AGAIN, on_again, f);
		f->ask(f->arg);
	}
}

static void
wait_for_pipe(struct udp_front *f, const struct datagram_source *from,
    const uint8_t *p, size_t n)
{
	struct udp_key key;

	udp_key_set(&key, from, sizeof(*from));
	packet_queue_put(&f->waiting, &key, p, n);
	if (f->waiting.dropped &&
	    pace_count(&f->told, loop_now(f->l), 60000) <= 3)
		log_warn(f->l->log, "[%s] datagrams come while there is no way "
		    "to the service: %llu dropped so far, the oldest first",
		    f->name, (unsigned long long)f->waiting.dropped);
	if (!f->asked)
		on_again(NULL, f);
}

static void
forget_idle(struct udp_front *f)
{
	struct udp_gone gone;

	while (udp_table_expire(f->users, loop_now(f->l), &gone))
		;
}

static void
on_idle(struct timer *t, void *arg)
{
	struct udp_front *f = arg;

	forget_idle(f);
	if (udp_table_sessions(f->users))
		timer_start(t, f->l, UDP_FRONT_IDLE, on_idle, f);
}

static void
keep_account(struct udp_front *f, const struct datagram_source *from, size_t n)
{
	uint64_t now = loop_now(f->l);
	struct udp_gone gone;
	struct udp_key key;

	f->stat.in += n;
	udp_key_set(&key, from, sizeof(*from));
	if (udp_table_use(f->users, &key, now))
		return;
	forget_idle(f);
	udp_table_add(f->users, &key, f, now, &gone);
	f->stat.total++;
	if (!timer_active(&f->idle))
		timer_start(&f->idle, f->l, UDP_FRONT_IDLE, on_idle, f);
}

static bool
was_heard(struct udp_front *f, const struct datagram_source *to)
{
	struct udp_key key;

	forget_idle(f);
	udp_key_set(&key, to, sizeof(*to));
	return udp_table_has(f->users, &key);
}

static void
tell_unasked(struct udp_front *f, const struct addr *to)
{
	char text[ADDR_TEXT];

	f->unasked++;
	if (pace_count(&f->told_unasked, loop_now(f->l), 60000) <= 3)
		log_warn(f->l->log, "[%s] a datagram for %s is dropped: "
		    "nothing came from there in the last minute; %llu so far",
		    f->name, addr_text(to, text),
		    (unsigned long long)f->unasked);
}

static void
on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct udp_front *f = w->data;
	struct loop *l = f->l;
	struct datagram_source from;
	struct addr a;
	ssize_t n;
	int i;

	(void)ev;
	(void)revents;
	for (i = 0; i < FRONT_BATCH && f->fd >= 0; i++) {
		a.len = sizeof(a.at);
		n = recvfrom(f->fd, l->scratch, LOOP_BLOCK, 0,
		    (struct sockaddr *)&a.at, &a.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		udp_source_of(&from, &a);
		keep_account(f, &from, (size_t)n);
		if (f->pipe)
			udp_pipe_send(f->pipe, &from, l->scratch, (size_t)n);
		else
			wait_for_pipe(f, &from, l->scratch, (size_t)n);
	}
	loop_settle(l);
}

/* All sources share this one socket: what they send while we look elsewhere
 * waits there, and the kernel's own measure is some 200 small datagrams. */
static void
deepen(int fd)
{
	int size = FRONT_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

struct udp_front *
udp_front_adopt(struct loop *l, int fd, const char *name, udp_front_ask *ask,
    void *arg)
{
	struct udp_front *f = mem_new(struct udp_front);
	uint8_t seed[UDP_TABLE_SEED_LEN];

	deepen(fd);
	rand_bytes(seed, sizeof(seed));
	f->users = udp_table_new(UDP_FRONT_SOURCES, UDP_FRONT_IDLE, seed);
	f->l = l;
	f->fd = fd;
	f->name = mem_dup(name);
	f->ask = ask;
	f->arg = arg;
	packet_queue_init(&f->waiting, FRONT_WAIT, FRONT_BYTES);
	ev_io_init(&f->io, on_io, fd, EV_READ);
	f->io.data = f;
	ev_io_start(l->ev, &f->io);
	return f;
}

struct udp_front *
udp_front_new(struct loop *l, const struct addr *at, const char *name,
    udp_front_ask *ask, void *arg)
{
	int fd = listen_bind(at, SOCK_DGRAM, false);

	return fd < 0 ? NULL : udp_front_adopt(l, fd, name, ask, arg);
}

static void
on_pipe(struct udp_pipe *p, enum udp_pipe_event ev,
    const struct datagram_source *from, const uint8_t *data, size_t n,
    void *arg)
{
	struct udp_front *f = arg;
	struct addr to;

	if (ev == UDP_PIPE_DOWN) {
		udp_pipe_close(p);
		if (f->pipe == p)
			f->pipe = NULL;
		f->asked = false;
		return;
	}
	udp_addr_of(&to, from);
	if (!was_heard(f, from)) {
		tell_unasked(f, &to);
		return;
	}
	f->stat.out += n;
	/* a full socket buffer loses it, as UDP may */
	(void)sendto(f->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL,
	    (struct sockaddr *)&to.at, to.len);
}

void
udp_front_join(struct udp_front *f, struct stream *s,
    const struct udp_pipe_how *how)
{
	const struct packet *one;
	struct datagram_source from;

	udp_pipe_close(f->pipe);
	f->pipe = udp_pipe_new(f->l, s, how, on_pipe, f);
	timer_stop(&f->again);
	f->asked = false;
	while (f->pipe && (one = packet_queue_peek(&f->waiting)) != NULL) {
		memcpy(&from, one->peer.bytes, sizeof(from));
		udp_pipe_send(f->pipe, &from, one->bytes, one->n);
		packet_queue_take(&f->waiting);
	}
}

bool
udp_front_joined(const struct udp_front *f)
{
	return f->pipe != NULL;
}

void
udp_front_stat(struct udp_front *f, struct udp_front_stat *s)
{
	*s = f->stat;
	forget_idle(f);
	s->now = udp_table_sessions(f->users);
}

static void
free_front(struct deferred *d)
{
	struct udp_front *f = list_item(d, struct udp_front, gone);

	packet_queue_release(&f->waiting);
	udp_table_free(f->users);
	free(f->name);
	free(f);
}

void
udp_front_close(struct udp_front *f)
{
	if (!f)
		return;
	ev_io_stop(f->l->ev, &f->io);
	timer_stop(&f->again);
	timer_stop(&f->idle);
	udp_pipe_close(f->pipe);
	f->pipe = NULL;
	close(f->fd);
	f->fd = -1;
	loop_defer(f->l, &f->gone, free_front);
}
