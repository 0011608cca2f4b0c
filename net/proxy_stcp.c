// SPDX-License-Identifier: MIT
/* Proxy type stcp: a service that has a name instead of a public port, and a
 * secret that its visitors must know.  Both ends. */
#include "net/client_internal.h"
#include "net/server_internal.h"

static int
open_stcp(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	(void)m;
	(void)r;
	log_info(p->session->sv->log,
	    "[%s] [%s] stcp proxy custom listen success", p->session->run_id,
	    p->name);
	return 0;
}

static void
close_stcp(struct proxy *p)
{
	(void)p; /* there is nothing but the name */
}

static void
describe_stcp(const struct proxy_conf *c, struct msg_new_proxy *m)
{
	m->sk = c->secret_key;
	m->allow_users = c->allow_users;
}

static void
work_stcp(struct client_job *j, const struct msg_start_work_conn *m)
{
	(void)m;
	client_serve(j);
}

static const struct config_row rows[] = {
	CONFIG_SECRET_ROWS,
	{ .path = NULL },
};

const struct config_type proxy_conf_stcp = {
	.name = "stcp",
	.rows = rows,
};

const struct proxy_type proxy_type_stcp = {
	.conf = &proxy_conf_stcp,
	.open = open_stcp,
	.close = close_stcp,
	.visited = true,
	.describe = describe_stcp,
	.work = work_stcp,
};
