// SPDX-License-Identifier: MIT
/* frpc offer NAME: this host's own ports, and what else is allowed, under a
 * name, for visitors who know the secret.  Standard output has nothing but
 * the line that says that it stands. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frpc.h"
#include "cmd/load.h"
#include "cmd/start.h"
#include "core/allow.h"
#include "core/mem.h"
#include "core/people.h"
#include "net/client.h"

struct offer {
	struct start start;
	const struct frpc_opts *opts;
	bool told;
};

static void
on_ready(void *arg)
{
	struct offer *f = arg;

	start_ready(&f->start);
}

static void
on_up(void *arg, const char *proxy, const char *remote_addr)
{
	struct offer *f = arg;
	const struct proxy_conf *p = &f->opts->conf.proxies.v[0];

	(void)proxy;
	(void)remote_addr;
	if (f->told)
		return;
	f->told = true;
	say_out(&f->start.say, "offering '%s': %s%s%s", p->name,
	    p->plugin.allow, p->plugin.allow_remote ? "; remote ports: " : "",
	    p->plugin.allow_remote ? p->plugin.allow_remote : "");
}

static bool
is_set(const char *s)
{
	return s && *s;
}

static int
take_words(struct frpc_opts *o, const struct opt_result *given,
    struct buf *why)
{
	struct allow allow = { 0 };
	int r;

	if (given->nwords != 1 || !people_is_name(given->words[0])) {
		buf_printf(why, given->nwords == 1 ? "the name '%.100s': up to "
		    "%d letters, digits, '.', '_' and '-'" : "give one name: "
		    "frpc offer NAME", given->nwords ? given->words[0] : "",
		    PEOPLE_NAME);
		return -1;
	}
	if (!is_set(o->offer_allow)) {
		buf_puts(why, "--allow is missing: what may be reached, as in "
		    "22,8000-9000");
		return -1;
	}
	buf_puts(why, "--allow: ");
	r = allow_parse(&allow, o->offer_allow, why);
	allow_release(&allow);
	if (r < 0)
		return -1;
	buf_take(why, buf_len(why));
	buf_puts(why, "--allow-remote: ");
	if (is_set(o->offer_allow_remote) &&
	    allow_parse_here(&allow, o->offer_allow_remote, why) < 0)
		return -1;
	allow_release(&allow);
	buf_take(why, buf_len(why));
	buf_puts(why, "--server: ");
	if (o->offer_server &&
	    start_server(&o->conf, o->offer_server, why) < 0)
		return -1;
	buf_take(why, buf_len(why));
	o->proxy.name = mem_dup(given->words[0]);
	o->proxy.plugin.type = mem_dup("offer");
	o->proxy.plugin.allow = mem_dup(o->offer_allow);
	if (is_set(o->offer_allow_remote))
		o->proxy.plugin.allow_remote = mem_dup(o->offer_allow_remote);
	return 0;
}

/* The file of the token is read when all else is found to be right. */
static int
take_secrets(struct frpc_opts *o, char *const *env, struct buf *why)
{
	struct auth_conf *auth = &o->conf.auth;
	char **secret = &o->proxy.secret_key;

	if (start_bad_token(auth, why) ||
	    start_bad_pin(o->conf.tls.pin, why))
		return -1;
	if (!is_set(auth->token) && !is_set(auth->token_file)) {
		mem_free_secret(auth->token);
		auth->token = mem_dup(start_env(env, "FRPC_TOKEN"));
	}
	if (is_set(o->offer_secret_file))
		*secret = load_secret(o->offer_secret_file, why);
	else
		*secret = mem_dup(start_env(env, "FRPC_SECRET"));
	if (is_set(*secret))
		return 0;
	if (!is_set(o->offer_secret_file))
		buf_puts(why, "--secret-file is missing, and $FRPC_SECRET is "
		    "not set: without a secret everybody on the server could "
		    "visit");
	else if (*secret)
		buf_puts(why, "--secret-file: the file is empty");
	return -1;
}

static void
warn_open(const struct log *log, const char *path)
{
	struct stat st;

	if (is_set(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077))
		log_warn(log, "others may use the file [%s], and it holds a "
		    "secret: chmod 600 it", path);
}

static int
failed(struct buf *why)
{
	say_lines(stderr, buf_text(why));
	buf_free(why);
	return 1;
}

int
frpc_offer(const struct call *c)
{
	struct frpc_opts *o = c->record;
	struct offer f = { .opts = o };
	struct client_hooks hooks = { .proxy_up = on_up,
		.ready = on_ready, .arg = &f };
	struct client_files files = { .tokens = &o->tokens };
	struct client_range range = { 0 };
	struct buf why = { 0 };
	int r;

	if (applet_refused(c))
		return 1;
	o->conf.proxy_url = mem_dup(start_env(c->env, "http_proxy"));
	if (take_words(o, c->given, &why) < 0 ||
	    take_secrets(o, c->env, &why) < 0 ||
	    frpc_take(o, "stcp", false, &why) < 0 ||
	    start_tokens(&o->tokens, &o->conf.auth, &why) < 0) {
		config_proxy_release(&o->proxy);
		return failed(&why);
	}
	o->conf.login_fail_exit = false;
	o->conf.login_refused_exit = true;
	o->conf.log.no_color |= !isatty(2);
	start_open(&f.start, &o->conf.log, 2, c->env);
	warn_open(&f.start.log, o->offer_secret_file);
	warn_open(&f.start.log, o->conf.auth.token_file);
	r = client_run(&o->conf, &files, &range, &f.start.log, &hooks, &why);
	start_close(&f.start, &f.start.say.err, &why);
	buf_free(&why);
	return r;
}
