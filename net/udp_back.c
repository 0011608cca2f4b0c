// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/pace.h"
#include "core/udp_table.h"
#include "crypto/rand.h"
#include "net/udp.h"

#define BACK_BATCH 64
/* Each is a descriptor; the longest idle one makes way.  An eighth of all
 * descriptors is left to others. */
#define BACK_SESSIONS 16384

struct udp_back {
	struct loop *l;
	struct udp_pipe *pipe;
	struct udp_table *table;
	struct addr service;
	struct timer idle;
	struct pace_gate told;
	char *name;
	udp_back_done *done;
	void *arg;
	struct deferred gone;
};

/* One user's socket to the service. */
struct peer {
	struct udp_back *b;
	struct datagram_source source;
	ev_io io;
	int fd;
	struct deferred gone;
};

static void
free_peer(struct deferred *d)
{
	free(list_item(d, struct peer, gone));
}

static void
peer_close(struct peer *p)
{
	ev_io_stop(p->b->l->ev, &p->io);
	close(p->fd);
	p->fd = -1;
	loop_defer(p->b->l, &p->gone, free_peer);
}

static void
on_idle(struct timer *t, void *arg)
{
	struct udp_back *b = arg;
	uint64_t now = loop_now(b->l), at;
	struct udp_gone gone;

	while (udp_table_expire(b->table, now, &gone))
		peer_close(gone.arg);
	at = udp_table_deadline(b->table);
	if (at != UINT64_MAX)
		timer_start(t, b->l, at > now ? at - now + 1 : 1, on_idle, b);
}

static void
on_reply(struct ev_loop *ev, ev_io *w, int revents)
{
	struct peer *p = w->data;
	struct loop *l = p->b->l;
	struct udp_key key;
	ssize_t n;
	int i;

	(void)ev;
	(void)revents;
	for (i = 0; i < BACK_BATCH && p->fd >= 0; i++) {
		n = recv(p->fd, l->scratch, LOOP_BLOCK, 0);
		if (n < 0 && (errno == EINTR || errno == ECONNREFUSED))
			continue; /* the service is away: it may come back */
		if (n < 0)
			break;
		udp_key_set(&key, &p->source, sizeof(p->source));
		udp_table_renew(p->b->table, &key, loop_now(l));
		udp_pipe_send(p->b->pipe, &p->source, l->scratch, (size_t)n);
	}
	loop_settle(l);
}

static int
open_socket(const struct addr *to)
{
	int fd = socket(to->at.ss_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&to->at, to->len) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static struct peer *
peer_new(struct udp_back *b, const struct datagram_source *from)
{
	int fd = open_socket(&b->service);
	struct udp_gone gone;
	struct peer *p;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE) &&
	    udp_table_pop(b->table, &gone)) {
		peer_close(gone.arg);
		fd = open_socket(&b->service);
	}
	if (fd < 0) {
		if (pace_count(&b->told, loop_now(b->l), 60000) <= 3)
			log_warn(b->l->log, "[%s] cannot open a socket to the "
			    "service, a datagram is dropped: %s", b->name,
			    strerror(errno));
		return NULL;
	}
	p = mem_new(struct peer);
	p->b = b;
	p->source = *from;
	p->fd = fd;
	ev_io_init(&p->io, on_reply, fd, EV_READ);
	p->io.data = p;
	ev_io_start(b->l->ev, &p->io);
	return p;
}

static void
on_packet(struct udp_back *b, const struct datagram_source *from,
    const uint8_t *data, size_t n)
{
	uint64_t now = loop_now(b->l);
	struct udp_gone gone;
	struct udp_key key;
	struct peer *p;

	udp_key_set(&key, from, sizeof(*from));
	p = udp_table_use(b->table, &key, now);
	if (!p) {
		p = peer_new(b, from);
		if (!p)
			return;
		if (udp_table_add(b->table, &key, p, now, &gone))
			peer_close(gone.arg);
		if (!timer_active(&b->idle))
			timer_start(&b->idle, b->l, UDP_TABLE_IDLE, on_idle,
			    b);
	}
	if (send(p->fd, data, n, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
		(void)send(p->fd, data, n, MSG_NOSIGNAL); /* the error was of
							     the one before */
}

static void
on_pipe(struct udp_pipe *pipe, enum udp_pipe_event ev,
    const struct datagram_source *from, const uint8_t *data, size_t n,
    void *arg)
{
	struct udp_back *b = arg;

	(void)pipe;
	if (ev == UDP_PIPE_PACKET)
		on_packet(b, from, data, n);
	else
		b->done(b->arg);
}

struct udp_back *
udp_back_new(struct loop *l, struct stream *s, const struct udp_pipe_how *how,
    const struct addr *service, udp_back_done *done, void *arg)
{
	struct udp_back *b = mem_new(struct udp_back);
	size_t most = loop_descriptors();
	uint8_t seed[UDP_TABLE_SEED_LEN];

	most -= most / 8;
	if (most > BACK_SESSIONS)
		most = BACK_SESSIONS;
	b->l = l;
	b->service = *service;
	b->name = mem_dup(how->name);
	b->done = done;
	b->arg = arg;
	rand_bytes(seed, sizeof(seed));
	b->table = udp_table_new((uint32_t)most, UDP_TABLE_IDLE, seed);
	b->pipe = udp_pipe_new(l, s, how, on_pipe, b);
	return b;
}

static void
free_back(struct deferred *d)
{
	struct udp_back *b = list_item(d, struct udp_back, gone);

	udp_table_free(b->table);
	free(b->name);
	free(b);
}

void
udp_back_close(struct udp_back *b)
{
	struct udp_gone gone;

	if (!b)
		return;
	timer_stop(&b->idle);
	udp_pipe_close(b->pipe);
	while (udp_table_pop(b->table, &gone))
		peer_close(gone.arg);
	loop_defer(b->l, &b->gone, free_back);
}
