// SPDX-License-Identifier: MIT
/* The client as a worker's helper: one service on one port of a range.
 * Standard output has nothing but the line that says where it is. */
#include <string.h>
#include <unistd.h>

#include "cmd/frpc.h"
#include "cmd/start.h"
#include "core/mem.h"
#include "core/worker.h"
#include "net/client.h"

struct worker {
	struct start start;
	struct worker_conf conf;
	char *told; /* the address printed last */
};

static void
on_ready(void *arg)
{
	struct worker *w = arg;

	start_ready(&w->start);
}

/* After a reconnect the port may be another one; only then it is said anew. */
static void
on_up(void *arg, const char *proxy, const char *remote_addr)
{
	struct worker *w = arg;
	struct buf at = { 0 };

	(void)proxy;
	worker_put_public(&at, &w->conf, remote_addr);
	if (!w->told || strcmp(w->told, buf_text(&at)) != 0) {
		say_out(&w->start.say, "SSH debugging enabled on %s",
		    buf_text(&at));
		mem_free_secret(w->told);
		w->told = mem_dup(buf_text(&at));
	}
	buf_free(&at);
}

static void
move_text(char **to, char **from)
{
	if (!*from)
		return;
	mem_free_secret(*to);
	*to = *from;
	*from = NULL;
}

/* The settings of the record become those of the worker. */
static int
fill(struct frpc_opts *o, struct worker_conf *w, struct buf *why)
{
	struct client_conf *c = &o->conf;

	if (!o->worker_name || !*o->worker_name) {
		buf_puts(why, "--name is missing");
		return -1;
	}
	if (o->worker_port < 1 || o->worker_port > 65535) {
		buf_puts(why, "--local-port is not in 1..65535");
		return -1;
	}
	move_text(&c->server_addr, &w->server);
	c->server_port = w->port;
	c->tls_enable = w->tls;
	move_text(&c->tls.pin, &w->pin);
	move_text(&c->auth.token, &w->token);
	move_text(&c->auth.token_file, &o->worker_token_file);
	if (start_bad_token(&c->auth, why))
		return -1;
	c->log.no_color = !isatty(2);
	move_text(&o->proxy.name, &o->worker_name);
	move_text(&o->proxy.local_ip, &o->worker_ip);
	o->proxy.local_port = o->worker_port;
	o->proxy.remote_port = w->first;
	return frpc_take(o, "tcp", false, why);
}

int
frpc_worker(const struct call *c, const char *text)
{
	struct worker w = { 0 };
	struct client_hooks hooks = { .proxy_up = on_up,
		.ready = on_ready, .arg = &w };
	struct frpc_opts *o = c->record;
	struct client_files files = { .tokens = &o->tokens };
	struct client_range range;
	struct buf why = { 0 };
	int r = 1;

	if (worker_parse(&w.conf, text, &why) < 0) {
		say_line(stderr, "port forwarding config: %s",
		    buf_text(&why));
		goto out;
	}
	range = (struct client_range){ w.conf.first, w.conf.last };
	if (fill(o, &w.conf, &why) < 0 ||
	    start_tokens(&o->tokens, &o->conf.auth, &why) < 0) {
		say_lines(stderr, buf_text(&why));
		goto out;
	}
	start_open(&w.start, &o->conf.log, 2, c->env);
	r = client_run(&o->conf, &files, &range, &w.start.log, &hooks, &why);
	start_close(&w.start, &w.start.say.err, &why);
out:
	worker_release(&w.conf);
	mem_free_secret(w.told);
	buf_free(&why);
	return r;
}
