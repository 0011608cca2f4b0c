// SPDX-License-Identifier: MIT
/* A public port for a proxy, of whatever protocol: the one that is asked for,
 * or any that is free. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/server_internal.h"

/* Any free port: the one that the name had, if it can be had again. */
static int
pick(struct proxy *p, struct ports *ports, proxy_listen *listen_on,
    struct proxy_refusal *r)
{
	struct server *sv = p->session->sv;
	uint32_t dice = loop_dice(), at = 0;
	char ranges[100];
	int port;

	while ((port = ports_next(ports, p->name, loop_now(sv->l), dice,
		    &at)) != 0)
		if (listen_on(p, port) == 0)
			return 0;
	ports_text(ports, ranges, sizeof(ranges));
	snprintf(r->text, sizeof(r->text), "no available port: %zu of the %zu "
	    "ports in %s are in use here, the rest by other programs",
	    ports_used(ports), ports_total(ports), ranges);
	return -1;
}

static int
take(struct proxy *p, struct ports *ports, int port,
    proxy_listen *listen_on, struct proxy_refusal *r)
{
	r->holder = ports_owner(ports, port);
	if (r->holder) {
		snprintf(r->text, sizeof(r->text), "port already used");
		return -1;
	}
	if (listen_on(p, port) == 0)
		return 0;
	log_warn(p->session->sv->log, "[%s] [%s] cannot listen on port %d: %s",
	    p->session->tag, p->name, port, strerror(errno));
	snprintf(r->text, sizeof(r->text), "port unavailable");
	return -1;
}

int
proxy_take_port(struct proxy *p, struct ports *ports, int64_t wanted,
    proxy_listen *listen_on, struct proxy_refusal *r)
{
	if (wanted == 0)
		return pick(p, ports, listen_on, r);
	if (wanted > 0 && wanted < 65536 && ports_allowed(ports, (int)wanted))
		return take(p, ports, (int)wanted, listen_on, r);
	snprintf(r->text, sizeof(r->text), "port not allowed");
	return -1;
}
