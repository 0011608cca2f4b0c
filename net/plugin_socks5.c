// SPDX-License-Identifier: MIT
/* Plugin socks5: a SOCKS5 proxy that goes wherever this host can go. */
#include "net/dialler.h"
#include "net/plugin.h"

static void
work(struct client_job *j)
{
	const struct plugin_conf *p = &client_job_proxy(j)->conf->plugin;
	struct dialler_how how = { .user = p->username,
		.password = p->password };

	if (how.password && !how.user)
		how.user = "";
	dialler_serve(j, &how);
}

const struct plugin_type plugin_type_socks5 = {
	.name = "socks5",
	.work = work,
};
