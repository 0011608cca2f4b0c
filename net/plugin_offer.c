// SPDX-License-Identifier: MIT
/* Plugin offer: what the visitor asks for, as far as it is allowed.  See
 * net/offer.h for what is spoken. */
#include "net/dialler.h"
#include "net/plugin.h"

static void
work(struct client_job *j)
{
	const struct proxy_conf *conf = client_job_proxy(j)->conf;
	struct dialler_how how = { .offer = conf->name,
		.allow = conf->plugin.allow,
		.allow_remote = conf->plugin.allow_remote };

	dialler_serve(j, &how);
}

const struct plugin_type plugin_type_offer = {
	.name = "offer",
	.work = work,
};
