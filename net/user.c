// SPDX-License-Identifier: MIT
/* A user's connection to a public port: accepted, it waits for a work stream,
 * and is then relayed.  Nothing is read from it before. */
#include "net/server_internal.h"

#include <stdlib.h>

#include "core/mem.h"

struct user {
	struct list at; /* in its proxy, while it waits */
	struct proxy *proxy;
	struct stream *s;
	struct addr from, to;
	struct work_wait wait;
	struct deferred gone;
};

static void
free_user(struct deferred *d)
{
	free(list_item(d, struct user, gone));
}

static void
leave(struct user *u)
{
	list_del(&u->at);
	work_cancel(&u->wait);
	loop_defer(u->proxy->session->sv->l, &u->gone, free_user);
}

static void
on_waiting(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)p;
	(void)n;
	if (ev == STREAM_ERROR) {
		leave(arg);
		stream_close(s);
	}
}

static void
start_work(struct user *u, struct stream *work)
{
	struct msg m = { .type = MSG_START_WORK_CONN };
	char src[ADDR_TEXT], dst[ADDR_TEXT];
	struct buf out = { 0 };

	m.u.start_work_conn = (struct msg_start_work_conn){
		.name = u->proxy->name,
		.src_addr = (char *)(uintptr_t)addr_ip(&u->from, src),
		.dst_addr = (char *)(uintptr_t)addr_ip(&u->to, dst),
		.src_port = addr_port(&u->from),
		.dst_port = addr_port(&u->to),
	};
	wire_put(&out, &m);
	stream_put(work, buf_peek(&out), buf_len(&out));
	stream_flush(work);
	buf_free(&out);
}

static void
on_work(struct work_wait *w, struct stream *work)
{
	struct user *u = list_item(w, struct user, wait);
	struct session *s = u->proxy->session;
	struct stream *user = u->s;

	leave(u);
	if (!work) {
		log_warn(s->sv->log, "[%s] [%s] failed to get work connection: "
		    "none came within %d seconds", s->run_id, u->proxy->name,
		    (int)s->sv->conf->user_conn_timeout);
		stream_close(user);
		return;
	}
	start_work(u, work);
	relay_new(s->sv->l, user, work, NULL, NULL);
}

void
user_new(struct proxy *p, int fd, const struct addr *from)
{
	static const struct conn_keep keep = { .idle = 60, .step = 15,
		.tries = 4 };
	struct session *s = p->session;
	struct user *u = mem_new(struct user);
	char text[ADDR_TEXT];

	conn_tune(fd, &keep);
	u->proxy = p;
	u->from = *from;
	addr_of_self(&u->to, fd);
	u->s = conn_new(s->sv->l, fd);
	stream_on(u->s, on_waiting, u);
	stream_want(u->s, false);
	list_add(&p->users, &u->at);
	log_info(s->sv->log, "[%s] [%s] get a user connection [%s]", s->run_id,
	    p->name, addr_text(from, text));
	work_want(s, &u->wait, on_work);
}

void
user_end_waiting(struct proxy *p)
{
	while (!list_empty(&p->users)) {
		struct user *u = list_item(p->users.next, struct user, at);

		leave(u);
		stream_close(u->s);
	}
}
