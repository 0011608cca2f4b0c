// SPDX-License-Identifier: MIT
/* A datagram service at the client: a work stream whose datagrams go to the
 * service, from a socket for each user. */
#include <stdlib.h>

#include "core/mem.h"
#include "net/client_internal.h"
#include "net/hold.h"
#include "net/udp.h"

struct service {
	struct client_proxy *proxy;
	struct client *c;
	struct list at;
	struct hold hold; /* the stream, until the service's address is known */
	struct udp_pipe_how how;
	struct udp_back *back;
	uint64_t question;
	struct deferred gone;
	bool over;
};

static void
free_service(struct deferred *d)
{
	struct service *s = list_item(d, struct service, gone);

	hold_release(&s->hold);
	free(s);
}

static void
end(struct service *s)
{
	if (s->over)
		return;
	s->over = true;
	list_del(&s->at);
	resolve_cancel(s->c->resolver, s->question);
	hold_release(&s->hold);
	if (s->back)
		udp_back_close(s->back);
	else
		stream_linger(s->hold.s);
	loop_defer(s->c->l, &s->gone, free_service);
}

static void
on_down(void *arg)
{
	end(arg);
}

static void
begin(struct service *s, const struct addr *at)
{
	hold_give_back(&s->hold);
	s->back = udp_back_new(s->c->l, s->hold.s, &s->how, at, on_down, s);
}

static void
on_resolved(void *arg, const struct addr *v, size_t n, const char *error)
{
	struct service *s = arg;

	(void)n;
	s->question = 0;
	if (!error) {
		begin(s, &v[0]);
		return;
	}
	log_error(s->c->log, "[%s] [%s] connect to local service [%s:%d] "
	    "error: %s", s->c->tag, s->proxy->name,
	    s->proxy->conf->local_ip, (int)s->proxy->conf->local_port, error);
	end(s);
}

void
client_serve_udp(struct client_job *j, bool ours, bool only_one)
{
	struct service *s = mem_new(struct service);
	const struct proxy_conf *conf;
	struct addr at;

	s->proxy = client_job_proxy(j);
	s->c = s->proxy->client;
	conf = s->proxy->conf;
	if (only_one) { /* the server has lost the one before */
		struct list *i, *next;

		list_each_safe(i, next, &s->c->services)
			if (list_item(i, struct service, at)->proxy ==
			    s->proxy)
				end(list_item(i, struct service, at));
	}
	list_add(&s->c->services, &s->at);
	s->how = (struct udp_pipe_how){ .ours = ours, .pings = true,
		.most = (size_t)s->c->conf->udp_packet_size,
		.name = s->proxy->name };
	client_job_take(j, &s->hold, on_down, s);
	if (addr_literal(&at, conf->local_ip, (int)conf->local_port) == 0)
		begin(s, &at);
	else
		s->question = resolve(s->c->resolver, conf->local_ip,
		    (int)conf->local_port, on_resolved, s);
}

void
client_udp_end(struct client *c)
{
	while (!list_empty(&c->services))
		end(list_item(c->services.next, struct service, at));
}
