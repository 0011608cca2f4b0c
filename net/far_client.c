// SPDX-License-Identifier: MIT
#include "net/far_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"

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

static int
fill_remote(struct proxy_conf *p, const struct far_remote *r,
    const char *name, size_t i, struct buf *why)
{
	struct buf text = { 0 };

	if (r->bind) {
		buf_printf(why, "'%s:%d': on which address a bastion listens "
		    "is its own affair: leave '%s' out", r->bind, r->port,
		    r->bind);
		return -1;
	}
	buf_printf(&text, "%s-%zu", name, i);
	p->name = mem_dup(buf_text(&text));
	buf_free(&text);
	p->type = mem_dup("tcp");
	p->enabled = true;
	p->local_ip = mem_dup(r->host);
	p->local_port = r->to;
	p->remote_port = r->port;
	return 0;
}

int
far_client_fill(struct client_conf *to, const struct far_conf *from,
    struct buf *why)
{
	size_t n = from->nremotes, i;
	struct proxy_conf *v = mem_zero((1 + n) * sizeof(*v));
	char name[32];
	int r = 0;

	*to = *from->bastion;
	to->login_fail_exit = to->login_refused_exit = false;
	to->patient = true;
	to->visitors = (struct proxies){ v, 1 };
	to->proxies = (struct proxies){ v + 1, n };
	/* two people's must not have the same */
	snprintf(name, sizeof(name), "tunnel-%08x%08x", loop_dice(),
	    loop_dice());
	fill_visitor(&v[0], from, name);
	for (i = 0; i < n && r == 0; i++)
		r = fill_remote(&v[1 + i], &from->remotes[i], name, i, why);
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
