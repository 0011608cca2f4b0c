// SPDX-License-Identifier: MIT
/* A forward of datagrams: each of its sockets has one stream to the far side,
 * which is opened by the first datagram. */
#include "net/tunnel_internal.h"

#define SILENT_MS 60000 /* the worker gives a sign of life each half of it */

static void
on_called(void *arg, struct stream *s, const char *error)
{
	struct udp_pipe_how how = { .ours = true, .silent_ms = SILENT_MS };
	struct forward_udp *u = arg;

	u->call = NULL;
	if (!s && far_state(u->f->t->far) != FAR_UP)
		return; /* the front asks again */
	forward_judge(u->f, s != NULL);
	how.name = u->f->name;
	if (s)
		udp_front_join(u->front, s, &how);
	else
		forward_trouble(u->f, error);
}

static void
on_ask(void *arg)
{
	struct forward_udp *u = arg;
	const struct forward_spec *f = u->f->spec;
	struct offer_want w = { .host = f->host ? f->host : "localhost",
		.port = f->to, .udp = true };

	if (!u->call && far_state(u->f->t->far) == FAR_UP)
		u->call = far_call(u->f->t->far, &w, on_called, u);
}

void
forward_udp_start(struct forward *f, const struct forward_fds *fds)
{
	size_t i;

	for (i = 0; i < FORWARD_FDS; i++) {
		struct forward_udp *u = &f->udp[i];

		u->f = f;
		if (fds->fd[i] >= 0)
			u->front = udp_front_adopt(f->t->l, fds->fd[i],
			    f->name, on_ask, u);
	}
}

void
forward_udp_stop(struct forward *f)
{
	size_t i;

	for (i = 0; i < FORWARD_FDS; i++) {
		far_cancel(f->udp[i].call);
		udp_front_close(f->udp[i].front);
	}
}

void
forward_udp_stat(const struct forward *f, struct forward_stat *s)
{
	struct udp_front_stat one;
	size_t i;

	for (i = 0; i < FORWARD_FDS; i++) {
		if (!f->udp[i].front)
			continue;
		udp_front_stat(f->udp[i].front, &one);
		s->now += one.now;
		s->total += one.total;
		s->up_bytes += one.in;
		s->down_bytes += one.out;
	}
}
