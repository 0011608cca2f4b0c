// SPDX-License-Identifier: MIT
/* Proxy type sudp: a datagram service that has a name instead of a public
 * port.  The server passes the frames between visitor and owner unread. */
#include "net/client_internal.h"
#include "net/server_internal.h"

static int
open_sudp(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	(void)m;
	(void)r;
	log_info(p->session->sv->log,
	    "[%s] [%s] sudp proxy custom listen success", p->session->run_id,
	    p->name);
	return 0;
}

static void
close_sudp(struct proxy *p)
{
	(void)p; /* there is nothing but the name */
}

static void
describe_sudp(const struct proxy_conf *c, struct msg_new_proxy *m)
{
	m->sk = c->secret_key;
	m->allow_users = c->allow_users;
}

static void
work_sudp(struct client_job *j, const struct msg_start_work_conn *m)
{
	client_serve_udp(j, m->ours == 1, false);
}

static const struct config_row rows[] = {
	CONFIG_SECRET_ROWS,
	{ .path = NULL },
};

const struct config_type proxy_conf_sudp = {
	.name = "sudp",
	.rows = rows,
};

const struct proxy_type proxy_type_sudp = {
	.conf = &proxy_conf_sudp,
	.open = open_sudp,
	.close = close_sudp,
	.visited = true,
	.describe = describe_sudp,
	.work = work_sudp,
};
