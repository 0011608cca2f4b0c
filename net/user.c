// SPDX-License-Identifier: MIT
/* Somebody who wants a proxy's service: a connection to its public port, or a
 * visitor's stream.  It waits for a work stream and is then relayed. */
#include "net/server_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "net/hold.h"
#include "net/wrap.h"

/* For one proxy at once.  frp has no such limit, so it is far above what a
 * burst of users needs. */
#define USER_WAITING 8192

struct user {
	struct list at; /* in its proxy, while it waits */
	struct proxy *proxy;
	struct hold hold;
	struct user_addrs addrs;
	struct work_wait wait;
	struct deferred gone;
	bool ours;
};

static void
free_user(struct deferred *d)
{
	struct user *u = list_item(d, struct user, gone);

	hold_release(&u->hold);
	free(u);
}

static void
leave(struct user *u)
{
	list_del(&u->at);
	u->proxy->nusers--;
	work_cancel(&u->wait);
	loop_defer(u->proxy->session->sv->l, &u->gone, free_user);
}

static void
turn_away(struct user *u)
{
	leave(u);
	hold_release(&u->hold);
	stream_close(u->hold.s);
}

static void
on_broken(void *arg)
{
	struct user *u = arg;
	struct session *s = u->proxy->session;

	if (u->hold.full && session_may_complain(s))
		log_warn(s->sv->log, "[%s] [%s] a user is turned away: those "
		    "who wait for a work connection have sent %zu MiB already",
		    s->tag, u->proxy->name, s->early.most >> 20);
	turn_away(u);
}

/* It may have gone for good, or have said all and wait for the answer: nobody
 * can tell, so it is served after those who are there. */
static void
on_ended(void *arg)
{
	struct user *u = arg;

	work_want_last(&u->wait);
}

struct stream *
user_start_work(struct proxy *p, struct stream *work,
    const struct user_addrs *a, bool ours)
{
	struct msg m = { .type = MSG_START_WORK_CONN };
	struct wrap_how how = { p->encrypt, p->compress,
		p->session->token->text, p->name };
	struct buf out = { 0 };

	m.u.start_work_conn.name = p->name;
	m.u.start_work_conn.ours = ours && p->ours;
	if (a) {
		m.u.start_work_conn.src_addr = (char *)(uintptr_t)a->src;
		m.u.start_work_conn.dst_addr = (char *)(uintptr_t)a->dst;
		m.u.start_work_conn.src_port = a->src_port;
		m.u.start_work_conn.dst_port = a->dst_port;
	}
	wire_put(&out, &m);
	stream_put(work, buf_peek(&out), buf_len(&out));
	stream_flush(work);
	buf_free(&out);
	return wrap_new(p->session->sv->l, work, &how);
}

static bool
on_work(struct work_wait *w, struct stream *work)
{
	struct user *u = list_item(w, struct user, wait);
	struct session *s = u->proxy->session;

	leave(u);
	if (!work && session_may_complain(s))
		log_warn(s->sv->log, "[%s] [%s] failed to get work connection: "
		    "none came within %d seconds", s->tag, u->proxy->name,
		    (int)s->sv->conf->user_conn_timeout);
	if (!work || conn_is_gone(u->hold.s)) {
		hold_release(&u->hold);
		stream_close(u->hold.s);
		return false;
	}
	work = user_start_work(u->proxy, work, &u->addrs, u->ours);
	hold_join(&u->hold, s->sv->l, work);
	return true;
}

void
user_join(struct proxy *p, struct stream *s, const struct user_addrs *a,
    bool ours)
{
	struct user *u;

	if (p->nusers >= USER_WAITING) {
		if (session_may_complain(p->session))
			log_warn(p->session->sv->log, "[%s] [%s] %d users wait "
			    "for a work connection already, one more is turned "
			    "away", p->session->tag, p->name, USER_WAITING);
		stream_close(s);
		return;
	}
	u = mem_new(struct user);
	u->proxy = p;
	u->addrs = *a;
	u->ours = ours;
	u->hold.budget = &p->session->early;
	hold_start(&u->hold, s, on_broken, u);
	u->hold.on_end = on_ended;
	list_add(&p->users, &u->at);
	p->nusers++;
	work_want(p->session, &p->line, &u->wait, on_work);
}

void
user_tune(struct listener *s)
{
	static const struct conn_keep keep = { .idle = 60, .step = 15,
		.tries = 4 };

	listen_tune(s, &keep);
}

void
user_accept(struct proxy *p, int fd, const struct addr *from)
{
	struct session *s = p->session;
	struct user_addrs a;
	struct stream *user;
	struct addr to;
	char text[ADDR_TEXT];

	addr_of_self(&to, fd);
	addr_ip(from, a.src);
	addr_ip(&to, a.dst);
	a.src_port = addr_port(from);
	a.dst_port = addr_port(&to);
	log_info(s->sv->log, "[%s] [%s] get a user connection [%s]", s->tag,
	    p->name, addr_text(from, text));
	user = conn_new(s->sv->l, fd);
	if (conn_is_gone(user)) /* nothing is asked for one of a flood */
		stream_close(user);
	else
		user_join(p, user, &a, false);
}

void
user_end_waiting(struct proxy *p)
{
	while (!list_empty(&p->users))
		turn_away(list_item(p->users.next, struct user, at));
}
