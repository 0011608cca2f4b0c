// SPDX-License-Identifier: MIT
/* Proxy type sudp: a datagram service that has a name instead of a public
 * port.  The server passes the frames between visitor and owner unread. */
#include "net/client_internal.h"
#include "net/proxy_secret.h"

static void
work_sudp(struct client_job *j, const struct msg_start_work_conn *m)
{
	client_serve_udp(j, m->ours == 1, false);
}

const struct config_type proxy_conf_sudp = {
	.name = "sudp",
	.rows = secret_rows,
};

const struct proxy_type proxy_type_sudp = {
	.conf = &proxy_conf_sudp,
	.open = secret_open,
	.close = secret_close,
	.visited = true,
	.describe = secret_describe,
	.work = work_sudp,
};
