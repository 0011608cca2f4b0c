// SPDX-License-Identifier: MIT
/* Streams through an ssh: a request on a line of its own, with the ends of
 * two sockets. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/far_ssh.h"

#define OPEN_MS 25000 /* the machine's name server and target may be slow */

struct ssh_opening {
	struct ssh_side *side;
	struct ssh_line *line;
	int from, to; /* our ends */
	struct timer late;
	ssh_opened_cb *cb;
	void *arg;
	bool done;
	struct deferred gone;
};

static void
free_opening(struct deferred *d)
{
	free(list_item(d, struct ssh_opening, gone));
}

static void
finish(struct ssh_opening *o, struct stream *s, const char *error)
{
	if (o->done)
		return;
	o->done = true;
	timer_stop(&o->late);
	if (!s) {
		ssh_line_close(o->line);
		if (o->from >= 0)
			close(o->from);
		if (o->to >= 0)
			close(o->to);
	}
	loop_defer(o->side->f->l, &o->gone, free_opening);
	if (o->cb)
		o->cb(o->arg, s, error);
}

static void
on_line(void *arg, const struct ssh_mux_msg *m)
{
	struct ssh_opening *o = arg;
	struct ssh_side *x = o->side;
	struct stream *s;

	if (!m) {
		finish(o, NULL, "ssh has ended");
	} else if (m->type == SSH_MUX_OPENED) {
		s = ssh_stream_new(x->f->l, &x->guard, o->line, o->from,
		    o->to);
		finish(o, s, NULL);
	} else if (m->type == SSH_MUX_NO) {
		finish(o, NULL, ssh_side_refusal(x));
	}
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, NULL, "no answer within 25 seconds");
}

static void
on_no_fds(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, NULL, "no descriptor is left");
}

static bool
make_pairs(int fds[3], struct ssh_opening *o, bool command)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC, a[2], b[2];

	if (socketpair(AF_UNIX, type, 0, a) < 0)
		return false;
	o->to = a[0];
	fds[0] = a[1];
	if (socketpair(AF_UNIX, type, 0, b) < 0) {
		close(fds[0]);
		return false;
	}
	o->from = b[0];
	fds[1] = b[1];
	fcntl(o->to, F_SETFL, O_NONBLOCK);
	fcntl(o->from, F_SETFL, O_NONBLOCK);
	/* each way is one way only: an end of ssh's is seen at ours */
	shutdown(o->to, SHUT_RD);
	shutdown(o->from, SHUT_WR);
	if (!command)
		return true;
	fds[2] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fds[2] >= 0)
		return true;
	close(fds[0]);
	close(fds[1]);
	return false;
}

struct ssh_opening *
ssh_open(struct ssh_side *x, struct buf *request, bool command,
    ssh_opened_cb *cb, void *arg)
{
	struct ssh_opening *o = mem_new(struct ssh_opening);
	int fds[3];
	struct ssh_line_ask ask = { .path = buf_text(&x->path),
		.request = request, .fds = fds, .nfds = command ? 3 : 2 };

	o->side = x;
	o->from = o->to = -1;
	o->cb = cb;
	o->arg = arg;
	if (make_pairs(fds, o, command)) {
		o->line = ssh_line_new(x->f->l, &ask, on_line, o);
		timer_start(&o->late, x->f->l, OPEN_MS, on_late, o);
	} else {
		timer_start(&o->late, x->f->l, 0, on_no_fds, o);
	}
	buf_free(request);
	return o;
}

void
ssh_open_cancel(struct ssh_opening *o)
{
	if (!o)
		return;
	o->cb = NULL;
	finish(o, NULL, NULL);
}
