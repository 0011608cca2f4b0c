// SPDX-License-Identifier: MIT
/* culvert bench: what a server and the ways to it can do, measured through a
 * tunnel of its own. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/applet.h"
#include "cmd/number.h"
#include "cmd/start.h"
#include "core/mem.h"
#include "net/bench.h"
#include "net/proxy.h"

#define SECONDS_MAX 3600

struct bench_opts {
	char *server, *connect;
	bool json, serve;
	int64_t seconds;
	struct client_conf conf;
	struct proxy_conf proxy;
	struct token_file tokens;
};

#define AT(field) offsetof(struct bench_opts, field)

static const struct opt opts[] = {
	{ 0, "connect", NULL, "only measure: HOST:PORT is what --serve has "
	  "printed elsewhere", &opt_str, AT(connect), NULL },
	{ 0, "json", "false", "one line of JSON instead of a table",
	  &opt_bool, AT(json), NULL },
	{ 0, "pin", NULL, "accept only the server with one of these keys, "
	  "sha256:HASH,...",
	  &opt_str, AT(conf.tls.pin), NULL },
	{ 0, "remote-port", "0", "port on the server, 0 lets it pick",
	  &opt_int, AT(proxy.remote_port), NULL },
	{ 0, "seconds", "5", "how long each of the four steps takes",
	  &opt_int, AT(seconds), NULL },
	{ 0, "serve", "false", "stay, and let others measure with --connect",
	  &opt_bool, AT(serve), NULL },
	{ 0, "server", NULL, "the server, as HOST or HOST:PORT", &opt_str,
	  AT(server), NULL },
	{ 0, "tls-enable", "true", "TLS on the way to the server", &opt_bool,
	  AT(conf.tls_enable), NULL },
	{ 't', "token", NULL, "secret that the server knows", &opt_str,
	  AT(conf.auth.token), NULL },
	{ 0, "token-file", NULL, "file that holds the token", &opt_str,
	  AT(conf.auth.token_file), NULL },
	{ 0 },
};

struct show {
	const char *where;
	struct say *say;
	bool json, terminal;
};

static void
prepare(void *record)
{
	struct bench_opts *o = record;

	config_client_defaults(&o->conf);
}

static void
release(void *record)
{
	struct bench_opts *o = record;

	config_client_release(&o->conf);
	config_proxy_release(&o->proxy);
	token_file_release(&o->tokens);
}

static int
misuse(struct buf *why)
{
	say_line(stderr, "culvert bench: %s", buf_text(why));
	fputs("Run 'culvert bench --help' for usage.\n", stderr);
	buf_free(why);
	return 2;
}

static int
failed(const struct show *show, struct buf *why)
{
	if (show->terminal)
		fputs("\r\033[K", stderr);
	say_line(stderr, "culvert bench: %s", buf_text(why));
	buf_free(why);
	return 1;
}

static void
on_ready(void *arg, const char *host, int port)
{
	const struct show *show = arg;
	bool six = strchr(host, ':') != NULL;

	say_out(show->say, show->json ? "{\"connect\": \"%s%s%s:%d\"}" :
	    "measure with: culvert bench --connect %s%s%s:%d",
	    six ? "[" : "", host, six ? "]" : "", port);
}

static void
on_step(void *arg, const char *name, unsigned i, unsigned of)
{
	const struct show *show = arg;

	if (show->terminal)
		fprintf(stderr, "\r\033[K%u of %u: %s", i + 1, of, name);
}

static void
on_result(void *arg, const struct bench_result *r)
{
	const struct show *show = arg;

	if (show->terminal)
		fputs("\r\033[K", stderr);
	if (show->json) {
		printf("{\"download_bytes\": %.0f, \"upload_bytes\": %.0f, "
		    "\"p50_us\": %.0f, \"p99_us\": %.0f, "
		    "\"connections\": %.1f}\n", r->down, r->up, r->p50,
		    r->p99, r->rate);
		return;
	}
	say_line(stdout, "through %s", show->where);
	printf("download     %10.1f MB/s\n", r->down / 1e6);
	printf("upload       %10.1f MB/s\n", r->up / 1e6);
	printf("there, back  %10.2f ms    99 of 100 within %.2f ms\n",
	    r->p50 / 1e3, r->p99 / 1e3);
	printf("connections  %10.0f a second, 16 at a time\n", r->rate);
}

/* What --connect leaves no use for. */
static const char *const of_server[] = {
	"pin", "remote-port", "serve", "server", "tls-enable", "token",
	"token-file",
};

static int
check(struct bench_opts *o, const struct opt_result *given, struct buf *why)
{
	size_t i;

	if (given->nwords > 0) {
		buf_printf(why, "'%.100s' is not understood: there are only "
		    "flags", given->words[0]);
		return -1;
	}
	for (i = 0; i < sizeof(of_server) / sizeof(*of_server); i++) {
		if (o->connect && opt_was_given(given, of_server[i])) {
			buf_printf(why, "--connect and --%s do not go "
			    "together", of_server[i]);
			return -1;
		}
	}
	if (!o->connect && !o->server)
		buf_puts(why, "name the server with --server HOST:PORT, or a "
		    "service to measure with --connect HOST:PORT");
	else if (o->seconds < 1 || o->seconds > SECONDS_MAX)
		buf_puts(why, "--seconds: from 1 to 3600");
	else if (o->proxy.remote_port < 0 || o->proxy.remote_port > 65535)
		buf_puts(why, "--remote-port: from 0 to 65535");
	else if (o->serve && opt_was_given(given, "seconds"))
		buf_puts(why, "--serve and --seconds do not go together: who "
		    "measures says how long");
	return buf_len(why) ? -1 : 0;
}

static int
take_place(struct bench_opts *o, struct buf *why)
{
	const char *text = o->connect ? o->connect : o->server;
	struct client_conf *c = &o->conf;

	if (o->connect)
		c->server_port = 0;
	if (number_host_port(text, &c->server_addr, &c->server_port) < 0 ||
	    c->server_port == 0) {
		buf_printf(why, "--%s '%.100s': ", o->connect ? "connect" :
		    "server", text);
		buf_puts(why, o->connect ? "it is HOST:PORT with a port from "
		    "1 to 65535" : NUMBER_HOST_PORT);
		return -1;
	}
	return 0;
}

/* One proxy, whose service is ours; its name is nobody else's. */
static int
take_proxy(struct bench_opts *o, struct buf *why)
{
	struct client_conf *c = &o->conf;
	struct buf name = { 0 };

	buf_printf(&name, "bench-%d-%08x", (int)getpid(), loop_dice());
	o->proxy.name = mem_dup(buf_text(&name));
	buf_free(&name);
	o->proxy.type = mem_dup("tcp");
	o->proxy.enabled = true;
	o->proxy.local_port = 1; /* known only when it listens */
	c->login_fail_exit = true;
	config_client_complete(c);
	config_proxy_complete(&o->proxy, &proxy_config_types);
	if (config_client_check(c, why) < 0 ||
	    config_proxy_check(&o->proxy, &proxy_config_types, why) < 0)
		return -1;
	c->proxies.v = mem_new(struct proxy_conf);
	c->proxies.v[0] = o->proxy;
	c->proxies.n = 1;
	o->proxy = (struct proxy_conf){ 0 };
	return 0;
}

static int
run(const struct call *c)
{
	struct bench_opts *o = c->record;
	struct show show = { .json = o->json,
		.terminal = isatty(2) && !o->serve };
	struct bench_hooks hooks = { on_ready, on_step, on_result, &show };
	struct bench_how how = { .serve = o->serve,
		.ms = (uint64_t)o->seconds * 1000 };
	struct start s = { 0 };
	struct buf why = { 0 }, none = { 0 };
	int r;

	if (check(o, c->given, &why) < 0 || take_place(o, &why) < 0 ||
	    start_bad_token(&o->conf.auth, &why) ||
	    start_bad_pin(o->conf.tls.pin, &why) ||
	    (!o->connect && take_proxy(o, &why) < 0))
		return misuse(&why);
	if (start_tokens(&o->tokens, &o->conf.auth, &why) < 0)
		return failed(&show, &why);
	how.conf = o->connect ? NULL : &o->conf;
	how.tokens = &o->tokens;
	how.host = o->conf.server_addr;
	how.port = (int)o->conf.server_port;
	show.where = o->connect ? o->connect : o->server;
	mem_free_secret(o->conf.log.level);
	o->conf.log.level = mem_dup("warn");
	o->conf.log.no_color |= !isatty(2);
	start_open(&s, &o->conf.log, 2, c->env);
	show.say = &s.say;
	r = bench_run(&how, &s.log, &hooks, &why);
	start_close(&s, NULL, &none);
	if (r != 0)
		return failed(&show, &why);
	buf_free(&why);
	return 0;
}

const struct applet applet_bench = {
	.root = {
		.name = "bench",
		.brief = "measure what goes through a server",
		.run = run,
	},
	.opts = opts,
	.record = sizeof(struct bench_opts),
	.prepare = prepare,
	.release = release,
	.misuse = 2,
};
