// SPDX-License-Identifier: MIT
/* Proxy type tcp: a public port at the server, a service at the client. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/client_internal.h"
#include "net/server_internal.h"

static void
on_user(void *arg, int fd, const struct addr *from)
{
	user_new(arg, fd, from);
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
	p->port = port;
	ports_take(sv->ports, port, p->name, p);
	return 0;
}

/* Any free port: the one that the name had, if it can be had again. */
static int
pick(struct proxy *p, struct proxy_refusal *r)
{
	struct server *sv = p->session->sv;
	uint32_t dice = loop_dice(), at = 0;
	char ranges[100];
	int port;

	while ((port = ports_next(sv->ports, p->name, loop_now(sv->l), dice,
		    &at)) != 0)
		if (listen_on(p, port) == 0)
			return 0;
	ports_text(sv->ports, ranges, sizeof(ranges));
	snprintf(r->text, sizeof(r->text), "no available port: %zu of the %zu "
	    "ports in %s are in use here, the rest by other programs",
	    ports_used(sv->ports), ports_total(sv->ports), ranges);
	return -1;
}

static int
take(struct proxy *p, int64_t port, struct proxy_refusal *r)
{
	struct server *sv = p->session->sv;

	if (port < 0 || port > 65535 || !ports_allowed(sv->ports, (int)port)) {
		snprintf(r->text, sizeof(r->text), "port not allowed");
		return -1;
	}
	r->holder = ports_owner(sv->ports, (int)port);
	if (r->holder) {
		snprintf(r->text, sizeof(r->text), "port already used");
		return -1;
	}
	if (listen_on(p, (int)port) == 0)
		return 0;
	log_warn(sv->log, "[%s] [%s] cannot listen on port %d: %s",
	    p->session->run_id, p->name, (int)port, strerror(errno));
	snprintf(r->text, sizeof(r->text), "port unavailable");
	return -1;
}

static int
open_tcp(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	int got = m->remote_port ? take(p, m->remote_port, r) : pick(p, r);

	if (got < 0)
		return -1;
	snprintf(p->remote_addr, sizeof(p->remote_addr), ":%d", p->port);
	log_info(p->session->sv->log, "[%s] [%s] tcp proxy listen port [%d]",
	    p->session->run_id, p->name, (int)m->remote_port);
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
