// SPDX-License-Identifier: MIT
#include "net/far_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "net/far_door.h"

static void
fill_visitor(struct proxy_conf *v, const struct far_conf *from,
    const char *name)
{
	v->name = mem_dup(name);
	v->type = mem_dup("stcp");
	v->enabled = true;
	v->secret_key = mem_dup(from->secret);
	v->server_name = mem_dup(from->worker);
	v->server_user = mem_dup(from->server_user);
	v->bind_addr = mem_dup("127.0.0.1");
	v->bind_port = -1;
}

static void
fill_remote(struct proxy_conf *p, const struct far_remote *r,
    const char *name, size_t i)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s-%zu", name, i);
	p->name = mem_dup(buf_text(&text));
	buf_free(&text);
	p->type = mem_dup("tcp");
	p->enabled = true;
	p->local_ip = mem_dup(r->host);
	p->local_port = r->to;
	p->remote_port = r->port;
}

static int
check_remote(const struct far_conf *from, const struct far_remote *r,
    struct buf *why)
{
	if (r->public ? !r->bind : !from->plain &&
	    far_door_family(r->bind) >= 0)
		return 0;
	if (r->public)
		buf_printf(why, "'%s:%d': on which address a bastion listens "
		    "is its own affair: leave '%s' out", r->bind, r->port,
		    r->bind);
	else if (from->plain)
		buf_printf(why, "'%d': a service of its own opens no ports",
		    r->port);
	else
		buf_printf(why, "'%s:%d': a worker opens ports on its loopback "
		    "alone: leave '%s' out, or say public:%d for a port of the "
		    "bastion that is open to everybody", r->bind, r->port,
		    r->bind, r->port);
	return -1;
}

int
far_client_fill(struct client_conf *to, const struct far_conf *from,
    struct buf *why)
{
	size_t n = from->nremotes, i;
	struct proxy_conf *v = mem_zero((1 + n) * sizeof(*v));
	struct proxies *public = &to->proxies;
	char name[32];
	int r = 0;

	*to = *from->bastion;
	to->login_fail_exit = to->login_refused_exit = false;
	to->patient = true;
	to->visitors = (struct proxies){ v, 1 };
	*public = (struct proxies){ v + 1, 0 };
	/* two people's must not have the same */
	snprintf(name, sizeof(name), "tunnel-%08x%08x", loop_dice(),
	    loop_dice());
	fill_visitor(&v[0], from, name);
	for (i = 0; i < n && r == 0; i++) {
		r = check_remote(from, &from->remotes[i], why);
		if (r == 0 && from->remotes[i].public)
			fill_remote(&public->v[public->n++], &from->remotes[i],
			    name, i);
	}
	return r;
}

void
far_client_release(struct client_conf *c)
{
	struct proxy_conf *v = c->visitors.v;
	size_t i;

	for (i = 0; i < 1 + c->proxies.n; i++)
		config_proxy_release(&v[i]);
	free(v);
}
