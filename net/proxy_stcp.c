// SPDX-License-Identifier: MIT
/* Proxy type stcp: a service that has a name instead of a public port, and a
 * secret that its visitors must know. */
#include "net/client_internal.h"
#include "net/proxy_secret.h"

static void
work_stcp(struct client_job *j, const struct msg_start_work_conn *m)
{
	(void)m;
	client_serve(j);
}

const struct config_type proxy_conf_stcp = {
	.name = "stcp",
	.rows = secret_rows,
};

const struct proxy_type proxy_type_stcp = {
	.conf = &proxy_conf_stcp,
	.open = secret_open,
	.close = secret_close,
	.visited = true,
	.describe = secret_describe,
	.work = work_stcp,
};
