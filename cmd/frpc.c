// SPDX-License-Identifier: MIT
/* The client: settings from a file, or one tunnel from options. */
#include "cmd/frpc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/completion.h"
#include "cmd/load.h"
#include "cmd/start.h"
#include "cmd/verify.h"
#include "core/mem.h"
#include "core/version.h"
#include "net/client.h"
#include "net/proxy.h"

#define WORKER_ENV "PORT_FORWARDING_CONFIG"

static void
prepare(void *record)
{
	struct frpc_opts *o = record;

	config_client_defaults(&o->conf);
}

static void
release(void *record)
{
	struct frpc_opts *o = record;

	config_client_release(&o->conf);
	token_file_release(&o->tokens);
}

static int
read_settings(const struct call *c, bool *open_to_all, struct buf *why)
{
	struct frpc_opts *o = c->record;

	if (!opt_was_given(c->given, "config") &&
	    access("./frpc.toml", F_OK) == 0)
		opt_str.set(&o->config, "./frpc.toml", true, why);
	config_client_release(&o->conf);
	return frpc_read_settings(o, c->env, open_to_all, why);
}

static void
ready(void *arg)
{
	const struct frpc_renew *again = arg;

	start_ready(again->start);
}

/* Runs the client of settings that are complete. */
static int
run_client(const struct call *c, const char *config, bool open_to_all)
{
	struct frpc_opts *o = c->record;
	struct client_files files = { .tokens = &o->tokens };
	struct start s = { 0 };
	struct frpc_renew again = { &s, &o->conf.tls, &files };
	struct client_hooks hooks = { .ready = ready, .renew = frpc_renew,
		.arg = &again };
	struct client_range range = { 0 };
	struct buf why = { 0 };
	int r;

	if (start_tokens(&o->tokens, &o->conf.auth, &why) < 0 ||
	    start_files(&o->conf.tls, &files.cert, &files.key, &files.ca,
		&why) < 0)
		return start_failed(&why);
	start_open(&s, &o->conf.log, 1, c->env);
	if (config) {
		log_info(&s.log, "start frpc service for config file [%s]",
		    config);
		start_warn_open(&s, config, &o->conf.auth, open_to_all);
		start_notes(&s, o->conf.notes);
	}
	r = client_run(&o->conf, &files, &range, &s.log, &hooks, &why);
	if (config)
		log_info(&s.log, "frpc service for config file [%s] stopped",
		    config);
	start_close(&s, &s.say.out, &why);
	start_files_free(&files.cert, &files.key, &files.ca);
	buf_free(&why);
	return r;
}

static int
misplaced(const char *what)
{
	say_error(what);
	fputs("Run 'frpc --help' for usage.\n", stderr);
	return 1;
}

static int
run_frpc(const struct call *c)
{
	const char *env = start_env(c->env, WORKER_ENV);
	struct frpc_opts *o = c->record;
	struct buf why = { 0 };
	bool open_to_all = false;
	const struct opt *w;

	if (o->version) {
		puts(FRP_VERSION);
		return 0;
	}
	if (applet_refused(c))
		return 1;
	if (o->worker && opt_was_given(c->given, "config"))
		return misplaced("--config and --port-forwarding-config do "
		    "not go together");
	if (o->worker)
		return frpc_worker(c, o->worker);
	if (env && *env && !opt_was_given(c->given, "config"))
		return frpc_worker(c, env);
	for (w = frpc_worker_opts; w->name; w++)
		if (opt_was_given(c->given, w->name))
			return misplaced("--local-ip, --local-port, --name and "
			    "--token-file need --port-forwarding-config here");
	if (read_settings(c, &open_to_all, &why) < 0)
		return start_failed(&why);
	return run_client(c, o->config, open_to_all);
}

static int
run_verify(const struct call *c)
{
	struct frpc_opts *o = c->record;
	struct verify v = { TLS_CLIENT, &o->conf.auth, &o->conf.tls,
		&o->conf.log };
	struct buf why = { 0 }, notes = { 0 };

	if (applet_refused(c))
		return 1;
	if (read_settings(c, NULL, &why) < 0)
		return start_failed(&why);
	config_client_warn(&o->conf, &notes);
	if (verify_files(&v, &notes, &why) < 0) {
		buf_free(&notes);
		return start_failed(&why);
	}
	verify_say_notes(&notes);
	say_line(stdout, "frpc: the configuration file %s syntax is ok",
	    o->config);
	return 0;
}

int
frpc_take(struct frpc_opts *o, const char *type, bool visitor,
    struct buf *why)
{
	const struct config_types *types = &proxy_config_types;
	struct proxies *list = visitor ? &o->conf.visitors : &o->conf.proxies;
	int r;

	o->proxy.type = mem_dup(type);
	o->proxy.enabled = true;
	/* What concerns the link is told first, as frp does. */
	config_client_complete(&o->conf);
	r = config_client_check(&o->conf, why);
	if (r == 0)
		r = frpc_check_link(&o->conf, why);
	(visitor ? config_visitor_complete : config_proxy_complete)(&o->proxy,
	    types);
	if (r == 0)
		r = (visitor ? config_visitor_check : config_proxy_check)(
		    &o->proxy, types, why);
	if (r < 0) {
		config_proxy_release(&o->proxy);
		return -1;
	}
	list->v = mem_new(struct proxy_conf);
	list->v[0] = o->proxy;
	list->n = 1;
	o->proxy = (struct proxy_conf){ 0 };
	return 0;
}

static int
run_one(const struct call *c, bool visitor)
{
	struct frpc_opts *o = c->record;
	struct buf why = { 0 };

	if (applet_refused(c))
		return 1;
	o->conf.proxy_url = mem_dup(start_env(c->env, "http_proxy"));
	o->conf.proxy_from_env = o->conf.proxy_url != NULL;
	if (start_bad_token(&o->conf.auth, &why) ||
	    start_bad_pin(o->conf.tls.pin, &why) ||
	    frpc_take(o, c->command->arg, visitor, &why) < 0)
		return start_failed(&why);
	return run_client(c, NULL, false);
}

static int
run_proxy(const struct call *c)
{
	return run_one(c, false);
}

static int
run_visitor(const struct call *c)
{
	return run_one(c, true);
}

static const struct opt api_opts[] = {
	{ 0, "api-timeout", "30s", "longest wait for the answer",
	  &opt_duration, FRPC_AT(api_timeout), NULL },
	{ 0 },
};

#define LATER_TYPE(name_)                                           \
	{ .name = name_, .brief = "publish one service of type " name_, \
	  .later = "proxy type '" name_ "'" }
#define TYPE(name_, brief_, opts_, commands_)                               \
	{ .name = name_, .brief = brief_, .arg = name_, .run = run_proxy,   \
	  .opts = { frpc_link_opts, frpc_proxy_opts, opts_ },               \
	  .commands = commands_ }
#define VISITOR(name_)                                                \
	{ .name = "visitor", .brief = "reach a service of type " name_, \
	  .opts = { frpc_link_opts, frpc_visitor_opts }, .arg = name_,  \
	  .run = run_visitor }
#define API(name_, brief_)                                \
	{ .name = name_, .brief = brief_, .opts = { api_opts }, \
	  .later = "command '" name_ "'" }

static const struct command stcp_commands[] = { VISITOR("stcp"), { 0 } };
static const struct command sudp_commands[] = { VISITOR("sudp"), { 0 } };

static const struct command commands[] = {
	{ .name = "completion", .brief = "write completions for a shell",
	  .commands = completion_commands },
	{ .name = "help", .brief = "print help on a command" },
	LATER_TYPE("http"),
	LATER_TYPE("https"),
	{ .name = "nathole", .brief = "find out about the NAT",
	  .later = "command 'nathole'" },
	{ .name = "offer", .brief = "make this host reachable to visitors "
	  "under a name: offer NAME", .run = frpc_offer,
	  .opts = { frpc_link_opts, frpc_offer_opts } },
	API("reload", "have a running client read its settings again"),
	API("status", "show the proxies of a running client"),
	TYPE("stcp", "publish one TCP service to visitors only",
	    frpc_secret_opts, stcp_commands),
	API("stop", "end a running client"),
	TYPE("sudp", "publish one UDP service to visitors only",
	    frpc_secret_opts, sudp_commands),
	TYPE("tcp", "publish one TCP service", frpc_port_opts, NULL),
	LATER_TYPE("tcpmux"),
	TYPE("udp", "publish one UDP service", frpc_port_opts, NULL),
	{ .name = "verify", .brief = "check a settings file and exit",
	  .run = run_verify },
	LATER_TYPE("xtcp"),
	{ 0 },
};

const struct applet applet_frpc = {
	.root = { .name = "frpc",
	    .brief = "publish services of this host through a server",
	    .opts = { frpc_worker_opts }, .commands = commands,
	    .run = run_frpc },
	.aliases = { "client" },
	.opts = frpc_global_opts,
	.record = sizeof(struct frpc_opts),
	.prepare = prepare,
	.release = release,
	.misuse = 1,
};
