// SPDX-License-Identifier: MIT
/* Both ends of a measured tunnel in one loop: the client that offers the
 * service, and the user that comes in through the server. */
#include "net/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/client.h"
#include "net/conn.h"
#include "net/relay.h"

struct bench {
	const struct bench_how *how;
	const struct bench_hooks *hooks;
	struct loop *l;
	struct resolver *resolver;
	struct bench_service *service;
	struct client *client;
	struct bench_user *user;
	struct bench_told told;
	struct on_signal on_term, on_int;
	struct buf *why;
};

static void
over(struct bench *b, const char *why)
{
	if (why && buf_len(b->why) == 0)
		buf_puts(b->why, why);
	loop_stop(b->l, why ? 1 : 0);
}

static void
on_step(void *arg, const char *name, unsigned i, unsigned of)
{
	struct bench *b = arg;

	b->hooks->step(b->hooks->arg, name, i, of);
}

static void
on_done(void *arg, const struct bench_result *r, const char *why)
{
	struct bench *b = arg;

	if (r)
		b->hooks->result(b->hooks->arg, r);
	over(b, why);
}

static void
measure(struct bench *b, int port)
{
	if (!b->user)
		b->user = bench_user_new(b->l, b->resolver, b->how->host,
		    port, b->how->ms, &b->told);
}

/* remote_addr: ":6000" */
static void
on_up(void *arg, const char *proxy, const char *remote_addr)
{
	struct bench *b = arg;
	const char *colon = strrchr(remote_addr, ':');
	long port = colon ? strtol(colon + 1, NULL, 10) : 0;

	(void)proxy;
	if (port < 1 || port > 65535)
		over(b, "the server does not say on which port users come");
	else if (b->how->serve)
		b->hooks->ready(b->hooks->arg, b->how->host, (int)port);
	else
		measure(b, (int)port);
}

static void
on_refused(void *arg, const char *proxy, const char *error)
{
	struct bench *b = arg;

	(void)proxy;
	buf_printf(b->why, "the server refused a port: %s", error);
	over(b, "");
}

static void
on_lost(void *arg, enum client_stage in, const char *why, uint64_t ms)
{
	struct bench *b = arg;

	if (b->how->serve && ms != CLIENT_NEVER)
		return; /* it comes back */
	if (in == CLIENT_SESSION)
		buf_puts(b->why, "the connection to the server is lost: ");
	else
		buf_puts(b->why, "login to the server failed: ");
	buf_puts(b->why, why);
	over(b, "");
}

static void
on_signal(void *arg, int number)
{
	struct bench *b = arg;

	(void)number;
	over(b, b->how->serve ? NULL : "interrupted");
}

static bool
begin(struct bench *b, const struct log *log, const struct client_hooks *h)
{
	const struct client_files files = { .tokens = b->how->tokens };
	struct client_conf *conf = b->how->conf;

	if (!conf) {
		measure(b, b->how->port);
		return true;
	}
	b->service = bench_service_new(b->l);
	if (!b->service) {
		buf_printf(b->why, "cannot listen on 127.0.0.1: %s",
		    strerror(errno));
		return false;
	}
	conf->proxies.v[0].local_port = bench_service_port(b->service);
	b->client = client_new(b->l, conf, &files, NULL, log, h, b->why);
	return b->client != NULL;
}

int
bench_run(const struct bench_how *how, const struct log *log,
    const struct bench_hooks *hooks, struct buf *why)
{
	struct bench b = { .how = how, .hooks = hooks, .why = why };
	struct client_hooks h = { .proxy_up = on_up,
		.proxy_refused = on_refused, .lost = on_lost, .arg = &b };
	int status = 1;

	loop_descriptors();
	b.told = (struct bench_told){ on_step, on_done, &b };
	b.l = loop_new(log);
	b.resolver = resolver_new(b.l, NULL);
	loop_signal(b.l, &b.on_term, SIGTERM, on_signal, &b);
	loop_signal(b.l, &b.on_int, SIGINT, on_signal, &b);
	if (begin(&b, log, &h))
		status = loop_run(b.l);
	bench_user_free(b.user);
	relay_break_all(b.l);
	client_free(b.client);
	bench_service_free(b.service);
	conn_end_all(b.l);
	resolver_free(b.resolver);
	loop_free(b.l);
	return status;
}
