// SPDX-License-Identifier: MIT
/* The server: settings from a file, or from options when none is named. */
#include "cmd/frps.h"

#include <stdio.h>
#include <string.h>

#include "cmd/completion.h"
#include "cmd/load.h"
#include "cmd/server_key.h"
#include "cmd/verify.h"
#include "core/mem.h"
#include "core/version.h"

#define AT(field) offsetof(struct frps_opts, field)

static const struct opt global_opts[] = {
	{ 0, "allow-unsafe", "", "allowed unsafe features", &opt_list, 0,
	  "unsafe features" },
	{ 'c', "config", NULL, "read the settings from this file", &opt_str,
	  AT(config), NULL },
	{ 0, "strict-config", "true", "refuse keys that are not known",
	  &opt_bool, AT(strict), NULL },
	{ 'v', "version", NULL, "print the version", &opt_bool, AT(version),
	  NULL },
	{ 0 },
};

static const struct opt root_opts[] = {
	{ 0, "allow-ports", NULL, "ports that clients may ask for, as in "
	  "1000-2000,3000", &opt_ranges, AT(conf.allow_ports), NULL },
	{ 0, "bind-addr", "0.0.0.0", "address to listen on for clients",
	  &opt_str, AT(conf.bind_addr), NULL },
	{ 'p', "bind-port", "7000", "port to listen on for clients", &opt_int,
	  AT(conf.bind_port), NULL },
	{ 0, "dashboard-addr", "0.0.0.0", "address of the dashboard",
	  &opt_str, 0, "dashboard" },
	{ 0, "dashboard-port", "0", "port of the dashboard", &opt_int, 0,
	  "dashboard" },
	{ 0, "dashboard-pwd", "admin", "password for the dashboard", &opt_str,
	  0, "dashboard" },
	{ 0, "dashboard-tls-cert-file", "", "certificate of the dashboard",
	  &opt_str, 0, "dashboard" },
	{ 0, "dashboard-tls-key-file", "", "key of the dashboard", &opt_str, 0,
	  "dashboard" },
	{ 0, "dashboard-tls-mode", "false", "TLS for the dashboard", &opt_word,
	  0, "dashboard" },
	{ 0, "dashboard-user", "admin", "user of the dashboard", &opt_str, 0,
	  "dashboard" },
	{ 0, "disable-log-color", "false", "no colors on the console",
	  &opt_bool, AT(conf.log.no_color), NULL },
	{ 0, "enable-prometheus", "false", "metrics on the dashboard's port",
	  &opt_bool, 0, "Prometheus metrics" },
	{ 0, "kcp-bind-port", "0", "UDP port for KCP", &opt_int, 0,
	  "KCP transport" },
	{ 0, "log-file", "console", "where the log goes", &opt_str,
	  AT(conf.log.to), NULL },
	{ 0, "log-level", "info", "trace, debug, info, warn or error",
	  &opt_str, AT(conf.log.level), NULL },
	{ 0, "log-max-days", "3", "days that old log files are kept", &opt_int,
	  AT(conf.log.max_days), NULL },
	{ 0, "max-ports-per-client", "0", "most ports of one client, 0 is no "
	  "limit", &opt_int, AT(conf.max_ports_per_client), NULL },
	{ 0, "proxy-bind-addr", "0.0.0.0", "address to listen on for users",
	  &opt_str, AT(conf.proxy_bind_addr), NULL },
	{ 0, "quic-bind-port", "0", "UDP port for QUIC", &opt_int, 0,
	  "QUIC transport" },
	{ 0, "state-dir", NULL, "keep the server's own key in this directory",
	  &opt_str, AT(conf.state_dir), NULL },
	{ 0, "subdomain-host", "", "domain that subdomains belong to",
	  &opt_str, 0, "subdomains" },
	{ 0, "tls-only", "false", "refuse clients without TLS", &opt_bool,
	  AT(conf.tls_force), NULL },
	{ 't', "token", NULL, "secret that clients must know", &opt_str,
	  AT(conf.auth.token), NULL },
	{ 0, "token-file", NULL, "file that holds the token", &opt_str,
	  AT(conf.auth.token_file), NULL },
	{ 0, "vhost-http-port", "0", "port for HTTP by host name", &opt_int, 0,
	  "virtual hosts" },
	{ 0, "vhost-http-timeout", "60", "seconds to wait for HTTP headers",
	  &opt_int, 0, "virtual hosts" },
	{ 0, "vhost-https-port", "0", "port for HTTPS by host name", &opt_int,
	  0, "virtual hosts" },
	{ 0 },
};

static void
prepare(void *record)
{
	struct frps_opts *o = record;

	config_server_defaults(&o->conf);
}

static void
release(void *record)
{
	struct frps_opts *o = record;

	config_server_release(&o->conf);
	token_file_release(&o->tokens);
}

/* One that was given is not meant to be none. */
static bool
is_bad_token(const struct auth_conf *auth, struct buf *why)
{
	if (!auth->token || *auth->token)
		return start_bad_token(auth, why);
	buf_puts(why, "--token is '': give a token, or leave the option out "
	    "for a server without one (is a variable not set?)");
	return true;
}

int
frps_settings(const struct frps_opts *o, char *const *env, const char *text,
    size_t n, struct server_conf *to, struct buf *why)
{
	struct config_source from = { .text = text, .n = n, .file = o->config,
		.strict = o->strict, .env = env };

	return config_server(to, &from, why);
}

static int
read_settings(const struct call *c, bool *open_to_all, struct buf *why)
{
	struct frps_opts *o = c->record;
	struct buf text = { 0 };
	int r;

	if (!o->config || !*o->config) {
		if (is_bad_token(&o->conf.auth, why))
			return -1;
		config_server_complete(&o->conf);
		return config_server_check(&o->conf, why);
	}
	config_server_release(&o->conf);
	r = load_file(o->config, &text, open_to_all, why);
	if (r == 0)
		r = frps_settings(o, c->env, buf_text(&text), buf_len(&text),
		    &o->conf, why);
	buf_wipe(&text);
	return r;
}

/* frp passes over these options in silence, which has cost people hours. */
static void
warn_ignored(const struct start *s, const struct opt_result *given)
{
	struct buf name = { 0 };
	const struct opt *o;
	size_t i;

	for (i = 0; i < given->n; i++) {
		for (o = root_opts; o->name && o != given->given[i].opt; o++)
			continue;
		if (!o->name)
			continue;
		opt_put_typed(&name, &given->given[i]);
		log_warn(&s->log, "%s is ignored, the settings come from the "
		    "file", buf_text(&name));
		buf_take(&name, buf_len(&name));
	}
	buf_free(&name);
}

static void
say_source(const struct start *s, const struct call *c, bool open_to_all)
{
	const struct frps_opts *o = c->record;

	if (!o->config || !*o->config) {
		log_info(&s->log,
		    "frps uses command line arguments for config");
		return;
	}
	log_info(&s->log, "frps uses config file: %s", o->config);
	warn_ignored(s, c->given);
	start_warn_open(s, o->config, &o->conf.auth, open_to_all);
	start_notes(s, o->conf.notes);
}

static void
ready(void *arg)
{
	const struct renew *again = arg;

	start_ready(again->start);
}

static int
run_frps(const struct call *c)
{
	struct frps_opts *o = c->record;
	struct start s = { .ready = "frps started successfully" };
	struct server_files files = { .tokens = &o->tokens };
	struct renew again = { o, c->env, &s, &files, false };
	struct server_hooks hooks = { ready, renew, &again };
	struct buf why = { 0 }, note = { 0 };
	char *own_key = NULL;
	bool open_to_all = false;
	int r;

	if (o->version) {
		puts(FRP_VERSION);
		return 0;
	}
	if (!(o->config && *o->config) && applet_refused(c))
		return 1;
	if (read_settings(c, &open_to_all, &why) < 0 ||
	    start_tokens(&o->tokens, &o->conf.auth, &why) < 0 ||
	    start_files(&o->conf.tls, &files.cert, &files.key, &files.ca,
		&why) < 0 ||
	    server_key(&o->conf, c->env, &own_key, &note, &why) < 0)
		return start_failed(&why);
	again.piped = o->conf.auth.token_file && !o->tokens.path;
	files.own_key = own_key; /* for the start alone */
	start_open(&s, &o->conf.log, 1, c->env);
	say_source(&s, c, open_to_all);
	if (buf_len(&note))
		log_warn(&s.log, "%s", buf_text(&note));
	r = server_run(&o->conf, &files, &s.log, &hooks, &why);
	start_close(&s, &s.say.out, &why);
	start_files_free(&files.cert, &files.key, &files.ca);
	mem_free_secret(own_key);
	buf_free(&note);
	buf_free(&why);
	return r;
}

static int
run_verify(const struct call *c)
{
	struct frps_opts *o = c->record;
	struct verify v = { TLS_SERVER, &o->conf.auth, &o->conf.tls,
		&o->conf.log };
	struct buf why = { 0 }, notes = { 0 };

	if (applet_refused(c))
		return 1;
	if (!o->config || !*o->config) {
		puts("frps: the configuration file is not specified");
		return 0;
	}
	if (read_settings(c, NULL, &why) < 0)
		return start_failed(&why);
	buf_puts(&notes, o->conf.notes ? o->conf.notes : "");
	if (verify_files(&v, &notes, &why) < 0) {
		buf_free(&notes);
		return start_failed(&why);
	}
	verify_say_notes(&notes);
	say_line(stdout, "frps: the configuration file %s syntax is ok",
	    o->config);
	return 0;
}

static const struct command commands[] = {
	{ .name = "completion", .brief = "write completions for a shell",
	  .commands = completion_commands },
	{ .name = "help", .brief = "print help on a command" },
	{ .name = "verify", .brief = "check a settings file and exit",
	  .run = run_verify },
	{ 0 },
};

const struct applet applet_frps = {
	.root = { .name = "frps",
	    .brief = "let clients publish their services on this host",
	    .opts = { root_opts }, .commands = commands, .run = run_frps },
	.aliases = { "server" },
	.opts = global_opts,
	.record = sizeof(struct frps_opts),
	.prepare = prepare,
	.release = release,
	.misuse = 1,
};
