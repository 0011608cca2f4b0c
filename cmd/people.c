// SPDX-License-Identifier: MIT
/* The way to a worker.  What is written of one bastion is never used with
 * another. */
#include "cmd/people.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/frpc.h"
#include "cmd/load.h"
#include "cmd/secret.h"
#include "cmd/start.h"
#include "core/mem.h"

#define AT(field) offsetof(struct people_opts, field)

const struct opt people_opts[] = {
	{ 0, "bastion", NULL, "the bastion of this name in the settings file",
	  &opt_str, AT(bastion), NULL },
	{ 0, "ca", NULL, "accept only servers with a certificate of the CAs "
	  "in this file", &opt_str, AT(ca), NULL },
	{ 0, "config", NULL, "the settings file, instead of $CULVERT_CONFIG or "
	  "~/.config/culvert/config.toml", &opt_str, AT(config), NULL },
	{ 0, "frp-user", NULL, "user to log in as, as frp's user", &opt_str,
	  AT(frp_user), NULL },
	{ 0, "pin", NULL, "accept only the server with one of these keys, "
	  "sha256:HASH,...",
	  &opt_str, AT(pin), NULL },
	{ 0, "secret-file", NULL, "file that holds the worker's secret, "
	  "instead of $CULVERT_SECRET", &opt_str, AT(secret_file), NULL },
	{ 0, "server", NULL, "the bastion, HOST or HOST:PORT, instead of "
	  "$CULVERT_SERVER", &opt_str, AT(server), NULL },
	{ 0, "server-user", NULL, "user that the worker belongs to", &opt_str,
	  AT(server_user), NULL },
	{ 0, "token-file", NULL, "file that holds the bastion's token, "
	  "instead of $CULVERT_TOKEN", &opt_str, AT(token_file), NULL },
	{ 'v', "verbose", NULL, "tell each step", &opt_bool, AT(verbose),
	  NULL },
	{ 0 },
};

static bool
is_set(const char *s)
{
	return s && *s;
}

/* The variable; an empty one is as none. */
static const char *
variable(char *const *env, const char *name)
{
	const char *s = start_env(env, name);

	return is_set(s) ? s : NULL;
}

char *
person_expand(const char *path, char *const *env)
{
	const char *home = variable(env, "HOME");
	struct buf b = { 0 };
	char *full;

	if (!home || path[0] != '~' || (path[1] && path[1] != '/'))
		return mem_dup(path);
	buf_printf(&b, "%s%s", home, path + 1);
	full = mem_dup(buf_text(&b));
	buf_free(&b);
	return full;
}

char *
person_from_root(const char *path, char *const *env)
{
	char *full = person_expand(path, env), here[PATH_MAX];
	struct buf b = { 0 };

	if (*full == '/' || !getcwd(here, sizeof(here)))
		return full;
	buf_printf(&b, "%s/%s", here, full);
	free(full);
	full = mem_dup(buf_text(&b));
	buf_free(&b);
	return full;
}

char *
person_settings_path(const struct people_opts *o, char *const *env)
{
	const char *given = is_set(o->config) ? o->config :
						variable(env, "CULVERT_CONFIG");
	const char *base = variable(env, "XDG_CONFIG_HOME");
	struct buf b = { 0 };
	char *path;

	if (given)
		return person_expand(given, env);
	if (base)
		buf_printf(&b, "%s/culvert/config.toml", base);
	else if (variable(env, "HOME"))
		buf_printf(&b, "%s/.config/culvert/config.toml",
		    variable(env, "HOME"));
	path = buf_len(&b) ? mem_dup(buf_text(&b)) : NULL;
	buf_free(&b);
	return path;
}

int
person_read(struct person *p, const struct people_opts *o, char *const *env,
    struct buf *why)
{
	struct buf text = { 0 };
	int r;

	p->path = person_settings_path(o, env);
	if (!p->path)
		return 0;
	if (!is_set(o->config) && !variable(env, "CULVERT_CONFIG") &&
	    access(p->path, F_OK) < 0)
		return 0;
	r = load_file(p->path, &text, NULL, why);
	if (r == 0)
		r = people_read(&p->settings, (const char *)buf_peek(&text),
		    buf_len(&text), p->path, why);
	if (r == 0 && p->settings.secrets)
		r = load_check_private(p->path, "the settings file", why);
	buf_wipe(&text);
	return r;
}

static bool
same_server(const char *a, const char *b)
{
	struct client_conf x = { .server_port = 7000 }, y = x;
	struct buf unsaid = { 0 };
	bool same = start_server(&x, a, &unsaid) == 0 &&
	    start_server(&y, b, &unsaid) == 0 &&
	    strcasecmp(x.server_addr, y.server_addr) == 0 &&
	    x.server_port == y.server_port;

	config_client_release(&x);
	config_client_release(&y);
	buf_free(&unsaid);
	return same;
}

/* The settings that count: those of the bastion that is called. */
static int
choose(struct person *p, const struct people_opts *o, char *const *env,
    const struct people_bastion **b, const char **server, struct buf *why)
{
	const char *name = is_set(o->bastion) ? o->bastion :
	    p->of				? p->of->bastion :
						  NULL;

	*server = is_set(o->server) ? o->server : NULL;
	if (*server && is_set(o->bastion)) {
		buf_puts(why, "either --server or --bastion");
		return -1;
	}
	*b = people_bastion(&p->settings, name);
	if (is_set(o->bastion) && !*b) {
		buf_printf(why, "there is no [bastions.%.100s] in '%s'",
		    o->bastion, p->path ? p->path : "config.toml");
		return -1;
	}
	if (!*server && !is_set(o->bastion))
		*server = variable(env, "CULVERT_SERVER");
	if (*server && *b && !same_server(*server, (*b)->server))
		*b = NULL;
	if (!*server && *b)
		*server = (*b)->server;
	if (*server)
		return 0;
	buf_printf(why, "which bastion? give --server, set $CULVERT_SERVER, or "
	    "write [bastion] with server = \"HOST:PORT\" into '%s'",
	    p->path ? p->path : "config.toml");
	return -1;
}

static void
set_text(char **to, const char *flag, const char *env, const char *settings)
{
	mem_free_secret(*to);
	*to = mem_dup(is_set(flag) ? flag : env ? env : settings);
}

static int
take_bastion(struct person *p, const struct people_opts *o, char *const *env,
    struct buf *why)
{
	static const struct people_bastion none = { .tls = true,
		.tcp_mux = true };
	const struct people_bastion *b = NULL;
	struct client_conf *c = &p->conf;
	const char *server = NULL;
	char *ca;
	int r;

	if (choose(p, o, env, &b, &server, why) < 0 ||
	    start_bad_pin(o->pin, why))
		return -1;
	if (o->ca && !*o->ca) {
		start_no_file(why, "--ca");
		return -1;
	}
	b = b ? b : &none;
	config_client_release(c);
	config_client_defaults(c);
	set_text(&c->tls.pin, o->pin, variable(env, "CULVERT_PIN"), b->pin);
	set_text(&c->user, o->frp_user, NULL, b->user);
	set_text(&c->protocol, NULL, NULL, b->protocol);
	set_text(&c->proxy_url, b->proxy_url, start_env(env, "http_proxy"),
	    NULL);
	c->proxy_from_env = !b->proxy_url && c->proxy_url;
	set_text(&c->tls.ca, o->ca, NULL, b->ca);
	if (c->tls.ca) {
		ca = person_expand(c->tls.ca, env);
		free(c->tls.ca);
		c->tls.ca = ca;
	}
	c->tls_enable = b->tls || c->tls.pin || c->tls.ca;
	c->tcp_mux = b->tcp_mux;
	buf_printf(why, "bastion '%.200s': ", server);
	if (start_server(c, server, why) < 0)
		return -1;
	buf_take(why, buf_len(why));
	p->files.tokens = &p->tokens;
	r = secret_take_tokens(&p->tokens, o->token_file, env, b->token,
	    b->token_file, why);
	config_client_complete(c);
	if (r == 0)
		r = config_client_check(c, why);
	if (r == 0)
		r = frpc_check_link(c, why);
	if (r == 0)
		r = start_files(&c->tls, &p->files.cert, &p->files.key,
		    &p->files.ca, why);
	if (r == 0)
		r = remember_new(&p->remember, c, env, p->bare, why);
	return r;
}

static void
put_workers(const struct people *p, struct buf *to)
{
	size_t i;

	for (i = 0; i < p->nworkers && i < 20; i++)
		buf_printf(to, "%s%s", i ? ", " : "; there are ",
		    p->workers[i].name);
	buf_puts(to, i < p->nworkers ? ", ..." : "");
}

static int
no_secret(const struct person *p, struct buf *why)
{
	const char *path = p->path ? p->path : "config.toml";

	if (p->of) {
		buf_printf(why, "worker '%s' has no secret: give "
		    "--secret-file, set $CULVERT_SECRET, or write secretFile "
		    "into [workers.%s] of '%s'", p->worker, p->worker, path);
		return -1;
	}
	buf_printf(why, "worker '%s' is not known: there is no [workers.%s] in "
	    "'%s', and neither --secret-file nor $CULVERT_SECRET", p->worker,
	    p->worker, path);
	put_workers(&p->settings, why);
	return -1;
}

/* A name with ".worker" behind it is how ssh_config tells them apart. */
static int
take_name(struct person *p, const char *name, struct buf *why)
{
	static const char suffix[] = ".worker";
	size_t n = strlen(name), m = sizeof(suffix) - 1;

	if (!people_is_name(name)) {
		buf_printf(why, "the worker's name '%.100s': up to %d letters, "
		    "digits, '.', '_' and '-'", name, PEOPLE_NAME);
		return -1;
	}
	p->of = people_worker(&p->settings, name);
	if (!p->of && n > m && strcmp(name + n - m, suffix) == 0)
		n -= m;
	free(p->worker);
	p->worker = mem_dupn(name, n);
	if (!p->of)
		p->of = people_worker(&p->settings, p->worker);
	return 0;
}

int
person_lead(struct person *p, const struct people_opts *o, char *const *env,
    const char *worker, bool plain, struct buf *why)
{
	if (take_name(p, worker, why) < 0 ||
	    secret_take(&p->secret, o->secret_file, env,
		p->of ? p->of->secret : NULL,
		p->of ? p->of->secret_file : NULL, why) < 0)
		return -1;
	if (!is_set(p->secret) && !plain)
		return no_secret(p, why);
	if (!p->secret)
		p->secret = mem_dup("");
	set_text(&p->server_user, o->server_user, NULL,
	    p->of ? p->of->server_user : NULL);
	return take_bastion(p, o, env, why);
}

void
person_far(const struct person *p, struct far_conf *to)
{
	to->bastion = &p->conf;
	to->files = &p->files;
	to->worker = p->worker;
	to->secret = p->secret;
	to->server_user = p->server_user;
	to->known = p->remember ? &p->remember->known : NULL;
}

void
person_release(struct person *p)
{
	people_release(&p->settings);
	free(p->path);
	free(p->worker);
	mem_free_secret(p->secret);
	free(p->server_user);
	config_client_release(&p->conf);
	token_file_release(&p->tokens);
	start_files_free(&p->files.cert, &p->files.key, &p->files.ca);
	remember_free(p->remember);
	*p = (struct person){ 0 };
}
