// SPDX-License-Identifier: MIT
/* Proxy type tcp: a public port at the server, a service at the client. */
#include <stdio.h>

#include "net/client_internal.h"
#include "net/server_internal.h"

static void
on_user(void *arg, int fd, const struct addr *from)
{
	user_accept(arg, fd, from);
}

static int
listen_on(struct proxy *p, int port)
{
	struct server *sv = p->session->sv;
	struct addr at = sv->proxy_addr;

	addr_set_port(&at, port);
	p->listener = listen_new(sv->l, &at, on_user, p);
	if (!p->listener)
		return -1;
	user_tune(p->listener);
	p->port = port;
	ports_take(sv->ports, port, p->name, p);
	return 0;
}

static int
open_tcp(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	if (proxy_take_port(p, p->session->sv->ports, m->remote_port,
		listen_on, r) < 0)
		return -1;
	snprintf(p->remote_addr, sizeof(p->remote_addr), ":%d", p->port);
	log_info(p->session->sv->log, "[%s] [%s] tcp proxy listen port [%d]",
	    p->session->tag, p->name, (int)m->remote_port);
	return 0;
}

static void
close_tcp(struct proxy *p)
{
	struct server *sv = p->session->sv;

	listen_close(p->listener);
	p->listener = NULL;
	ports_give(sv->ports, p->port, loop_now(sv->l));
}

static void
describe_tcp(const struct proxy_conf *c, struct msg_new_proxy *m)
{
	m->remote_port = c->remote_port;
}

static void
work_tcp(struct client_job *j, const struct msg_start_work_conn *m)
{
	(void)m;
	client_serve(j);
}

static const struct config_row rows[] = {
	{ .path = "remotePort", .kind = CONFIG_PORT,
	    .offset = offsetof(struct proxy_conf, remote_port) },
	{ .path = NULL },
};

const struct config_type proxy_conf_tcp = {
	.name = "tcp",
	.rows = rows,
};

const struct proxy_type proxy_type_tcp = {
	.conf = &proxy_conf_tcp,
	.open = open_tcp,
	.close = close_tcp,
	.ports = 1,
	.describe = describe_tcp,
	.work = work_tcp,
};
