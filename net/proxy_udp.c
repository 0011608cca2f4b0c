// SPDX-License-Identifier: MIT
/* Proxy type udp: a public UDP port at the server, a service at the client.
 * All users share one work stream, which the first datagram asks for, and the
 * next one after it was lost. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/client_internal.h"
#include "net/server_internal.h"
#include "net/udp.h"

struct own {
	struct proxy *proxy;
	struct udp_front *front;
	struct work_wait wait;
	bool waiting, over;
	struct deferred gone;
};

static bool
on_work(struct work_wait *w, struct stream *work)
{
	struct own *o = list_item(w, struct own, wait);
	struct proxy *p = o->proxy;
	const struct server_conf *conf = p->session->sv->conf;
	struct udp_pipe_how how = { .ours = p->ours, .silent_ms = 60000,
		.most = (size_t)conf->udp_packet_size, .name = p->name };

	o->waiting = false;
	if (!work)
		return true; /* the front asks for the next datagram */
	udp_front_join(o->front, user_start_work(p, work, NULL, true), &how);
	return true;
}

static void
on_ask(void *arg)
{
	struct own *o = arg;

	if (o->waiting || o->over)
		return;
	o->waiting = true;
	work_want(o->proxy->session, &o->proxy->line, &o->wait, on_work);
}

static int
listen_on(struct proxy *p, int port)
{
	struct server *sv = p->session->sv;
	struct addr at = sv->proxy_addr;
	struct own *o = p->own;

	addr_set_port(&at, port);
	o->front = udp_front_new(sv->l, &at, p->name, on_ask, o);
	if (!o->front)
		return -1;
	p->port = port;
	ports_take(sv->udp_ports, port, p->name, p);
	return 0;
}

static int
open_udp(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	struct own *o = mem_new(struct own);
	char text[sizeof(r->text)];

	o->proxy = p;
	p->own = o;
	if (proxy_take_port(p, p->session->sv->udp_ports, m->remote_port,
		listen_on, r) < 0) {
		/* as frp words it */
		snprintf(text, sizeof(text), "acquire port %d error: %.150s",
		    (int)m->remote_port, r->text);
		memcpy(r->text, text, sizeof(text));
		free(o);
		p->own = NULL;
		return -1;
	}
	snprintf(p->remote_addr, sizeof(p->remote_addr), ":%d", p->port);
	log_info(p->session->sv->log, "[%s] [%s] udp proxy listen port [%d]",
	    p->session->tag, p->name, (int)m->remote_port);
	return 0;
}

static void
free_own(struct deferred *d)
{
	free(list_item(d, struct own, gone));
}

static void
close_udp(struct proxy *p)
{
	struct server *sv = p->session->sv;
	struct own *o = p->own;

	o->over = true;
	if (o->waiting)
		work_cancel(&o->wait);
	udp_front_close(o->front);
	ports_give(sv->udp_ports, p->port, loop_now(sv->l));
	loop_defer(sv->l, &o->gone, free_own);
	p->own = NULL;
}

static void
describe_udp(const struct proxy_conf *c, struct msg_new_proxy *m)
{
	m->remote_port = c->remote_port;
}

static void
work_udp(struct client_job *j, const struct msg_start_work_conn *m)
{
	client_serve_udp(j, m->ours == 1, true);
}

static const struct config_row rows[] = {
	{ .path = "remotePort", .kind = CONFIG_PORT,
	    .offset = offsetof(struct proxy_conf, remote_port) },
	{ .path = NULL },
};

const struct config_type proxy_conf_udp = {
	.name = "udp",
	.rows = rows,
};

const struct proxy_type proxy_type_udp = {
	.conf = &proxy_conf_udp,
	.open = open_udp,
	.close = close_udp,
	.ports = 1,
	.describe = describe_udp,
	.work = work_udp,
};
