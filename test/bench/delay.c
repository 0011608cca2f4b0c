// SPDX-License-Identifier: MIT
/* A long path: a relay that hands each byte on so and so many milliseconds
 * after it came.  Only what fits one ring each way is under way; the rest
 * waits where it came from. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RING = 64 << 20,	/* touched only as far as it is used */
	MARKS = 1 << 16,	/* reads that are under way */
};

struct mark {
	uint64_t due, end;	/* up to which byte it may go, and when */
};

/* One direction.  Bytes are counted from the start of the connection. */
struct lane {
	uint8_t *ring;
	struct mark *marks;
	uint64_t in, out, may;	/* taken, handed on, and due by now */
	uint64_t first, last;	/* marks, counted too */
	bool ended, told;	/* seen its end, passed it on */
};

struct path;
struct end {
	struct watch w;
	struct path *path;
	uint32_t events;
};

struct path {
	struct path *next;
	struct relay *r;
	struct end end[2];
	struct lane lane[2];	/* lane[i] goes from end[i] to the other */
	bool up, dead;
};

struct relay {
	struct watch w;
	int poller;
	long to;
	uint64_t delay;
	struct path *paths;
};

static void
lane_take(struct lane *l, int fd, uint64_t delay)
{
	size_t at = (size_t)(l->in % RING);
	size_t room = (size_t)(RING - (l->in - l->out));
	ssize_t n;

	if (room > RING - at)
		room = RING - at;
	if (room > READ_SIZE)
		room = READ_SIZE;
	if (room == 0 || l->last - l->first == MARKS || l->ended)
		return;
	n = recv(fd, l->ring + at, room, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		l->in += (uint64_t)n;
	else
		l->ended = true;
	l->marks[l->last++ % MARKS] = (struct mark){
		.due = now_ns() + delay, .end = l->in,
	};
}

/* False when the other side takes nothing any more. */
static bool
lane_give(struct lane *l, int fd, uint64_t now)
{
	ssize_t n;

	while (l->first < l->last && l->marks[l->first % MARKS].due <= now)
		l->may = l->marks[l->first++ % MARKS].end;
	while (l->out < l->may) {
		size_t at = (size_t)(l->out % RING);
		size_t len = (size_t)(l->may - l->out);

		n = send(fd, l->ring + at, len < RING - at ? len : RING - at,
		    0);
		if (n < 0)
			return errno == EAGAIN;
		l->out += (uint64_t)n;
	}
	if (l->ended && !l->told && l->first == l->last) {
		shutdown(fd, SHUT_WR);
		l->told = true;
	}
	return true;
}

static uint32_t
wanted(const struct path *p, int i)
{
	const struct lane *in = &p->lane[i], *out = &p->lane[!i];
	uint32_t events = 0;

	if (!p->up)
		return i == 1 ? EPOLLOUT : 0;
	if (!in->ended && in->in - in->out < RING &&
	    in->last - in->first < MARKS)
		events |= EPOLLIN;
	if (out->out < out->may)
		events |= EPOLLOUT;
	return events;
}

static void
path_turn(struct path *p, uint64_t now)
{
	for (int i = 0; i < 2 && p->up; i++)
		if (!lane_give(&p->lane[i], p->end[!i].w.fd, now))
			p->dead = true;
	if (p->lane[0].told && p->lane[1].told)
		p->dead = true;
	for (int i = 0; i < 2 && !p->dead; i++) {
		uint32_t events = wanted(p, i);

		if (events != p->end[i].events)
			watch_set(p->r->poller, &p->end[i].w, events);
		p->end[i].events = events;
	}
}

static void
end_ready(struct watch *w, uint32_t events)
{
	struct end *e = (struct end *)w;
	struct path *p = e->path;
	int i = e == &p->end[1];
	int err = 0;
	socklen_t len = sizeof(err);

	if (p->dead)
		return;
	if (!p->up && i == 1 && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		p->up = err == 0;
		p->dead = err != 0;
	} else if (events & EPOLLIN)
		lane_take(&p->lane[i], w->fd, p->r->delay);
	else if (events & (EPOLLERR | EPOLLHUP))
		p->dead = true;
}

static void *
must_map(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("memory");
	return p;
}

static void
on_call(struct watch *w, uint32_t events)
{
	struct relay *r = (struct relay *)w;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct path *p;

	(void)events;
	if (fd < 0)
		return;
	p = must_calloc(1, sizeof(*p));
	p->r = r;
	p->end[0].w = (struct watch){ fd, end_ready };
	p->end[1].w = (struct watch){ tcp_dial(r->to), end_ready };
	for (int i = 0; i < 2; i++) {
		p->lane[i].ring = must_map(RING);
		p->lane[i].marks = must_map(MARKS * sizeof(struct mark));
		p->end[i].path = p;
		p->end[i].events = wanted(p, i);
		watch_add(r->poller, &p->end[i].w, p->end[i].events);
	}
	p->next = r->paths;
	r->paths = p;
}

static void
path_free(struct path *p)
{
	for (int i = 0; i < 2; i++) {
		close(p->end[i].w.fd);
		munmap(p->lane[i].ring, RING);
		munmap(p->lane[i].marks, MARKS * sizeof(struct mark));
	}
	free(p);
}

/* When the next mark is due. */
static uint64_t
next_due(const struct relay *r)
{
	uint64_t due = UINT64_MAX;

	for (const struct path *p = r->paths; p; p = p->next)
		for (int i = 0; i < 2; i++) {
			const struct lane *l = &p->lane[i];
			const struct mark *m = &l->marks[l->first % MARKS];

			if (l->first < l->last && m->due < due)
				due = m->due;
		}
	return due;
}

int
mode_delay(const struct options *o)
{
	struct relay r = { .to = o->to, .poller = poller_new(),
	    .delay = (uint64_t)o->delay * 1000000 };
	struct epoll_event evs[64];
	uint64_t now, due;
	int n, ms;

	r.w = (struct watch){ tcp_listen(o->listen), on_call };
	watch_add(r.poller, &r.w, EPOLLIN);
	(void)!write(1, "{\"ready\": true}\n", 16);
	for (;;) {
		due = next_due(&r);
		now = now_ns();
		ms = due == UINT64_MAX ? -1 : due <= now ? 0 :
		    (int)((due - now + 999999) / 1000000);
		n = epoll_wait(r.poller, evs, 64, ms);
		for (int i = 0; i < n; i++) {
			struct watch *w = evs[i].data.ptr;

			w->ready(w, evs[i].events);
		}
		now = now_ns();
		for (struct path **at = &r.paths; *at; ) {
			struct path *p = *at;

			path_turn(p, now);
			if (p->dead) {
				*at = p->next;
				path_free(p);
			} else
				at = &p->next;
		}
	}
}
