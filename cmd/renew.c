// SPDX-License-Identifier: MIT
/* SIGHUP: the settings and the files that they name are read again, and what
 * a server can get while it runs is given to it: all of that or, when anything
 * is wrong, nothing. */
#include <stdio.h>
#include <string.h>

#include "cmd/frps.h"
#include "cmd/load.h"
#include "cmd/notify.h"
#include "core/mem.h"
#include "core/plain.h"
#include "net/loop.h"

#define KEPT_CERT "transport.tls.certFile"
#define KEPT_KEY  "transport.tls.keyFile"

struct reading {
	struct server_conf own;	      /* of the settings file; or nothing, */
	const struct server_conf *to; /* and it is that of the options */
	struct server_files files;
	struct token_file tokens;     /* empty: those in use stay */
	bool kept; /* the certificate, which is not named any more */
};

static int
read_settings(const struct renew *r, struct reading *x, struct buf *why)
{
	char *text;
	int bad;

	x->to = &r->opts->conf;
	if (!r->opts->config || !*r->opts->config)
		return 0;
	text = load_again(r->opts->config, why);
	if (!text)
		return -1;
	bad = frps_settings(r->opts, r->env, text, strlen(text), &x->own, why);
	mem_free_secret(text);
	x->to = &x->own;
	return bad;
}

/* A pipe was read once, at the start, and its name may mean another file now:
 * as long as nothing else takes its place, what came from it stays. */
static int
read_tokens(const struct renew *r, struct reading *x, struct buf *why)
{
	const char *path = x->to->auth.token_file;

	if (r->piped && path && start_same(path, r->opts->conf.auth.token_file))
		return 0;
	return start_tokens_of(&x->tokens, &x->to->auth, false, why);
}

/* Without a certificate a server makes its own, at the start: what it has now
 * stays until then. */
static void
keep_certificate(const struct renew *r, struct reading *x)
{
	x->kept = r->files->cert && !x->files.cert && !x->files.key;
	if (!x->kept)
		return;
	x->files.cert = mem_dup(r->files->cert);
	x->files.key = mem_dup(r->files->key);
}

static int
read_all(const struct renew *r, struct reading *x, struct buf *why)
{
	if (read_settings(r, x, why) < 0 || read_tokens(r, x, why) < 0 ||
	    start_files_of(&x->to->tls, true, &x->files.cert, &x->files.key,
		&x->files.ca, why) < 0)
		return -1;
	keep_certificate(r, x);
	return 0;
}

static int
take(struct renew *r, struct reading *x, struct server *sv,
    struct buf *said)
{
	struct server_files *had = r->files, now = x->files;
	struct server_renewal to = {
		.tokens = x->tokens.tokens.n ? &x->tokens : NULL,
		.allow_ports = &x->to->allow_ports };

	now.tokens = had->tokens;
	if (!start_same(had->cert, now.cert) ||
	    !start_same(had->key, now.key) ||
	    !start_same(had->ca, now.ca))
		to.files = &now;
	if (server_renew(sv, &to, said) < 0)
		return -1;
	if (to.tokens)
		r->piped = false;
	x->files = *had; /* to be freed */
	*had = now;
	return 0;
}

/* Of the settings that have changed: does this one wait for a restart? */
static bool
waits(const struct config_row *row, const struct reading *x)
{
	static const char *const taken[] = { "allowPorts", "auth.token",
		"auth.tokenSource", KEPT_CERT, KEPT_KEY,
		"transport.tls.trustedCaFile" };
	size_t i;

	if (x->kept && (strcmp(row->path, KEPT_CERT) == 0 ||
	    strcmp(row->path, KEPT_KEY) == 0))
		return true;
	for (i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (strcmp(row->path, taken[i]) == 0)
			return false;
	/* it comes with a CA */
	return !x->to->tls.ca || strcmp(row->path, "transport.tls.force") != 0;
}

static void
warn_waiting(const struct renew *r, const struct reading *x)
{
	const struct config_row *row = config_server_rows();
	struct buf names = { 0 };

	for (; row->path; row++)
		if (waits(row, x) && !config_same(row, x->to, &r->opts->conf))
			buf_printf(&names, "%s%s", buf_len(&names) ? ", " : "",
			    row->path);
	if (buf_len(&names))
		log_warn(&r->start->log, "changed in the settings file, but "
		    "waits for a restart: %s", buf_text(&names));
	buf_free(&names);
}

static bool
lies_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return path && strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* LoadCredential copies a file once. */
static void
warn_credentials(const struct renew *r, const struct reading *x)
{
	const struct tls_files *t = &x->to->tls;
	const char *path[] = { r->opts->config, x->to->auth.token_file,
		t->cert, t->key, t->ca };
	const char *dir = start_env(r->env, "CREDENTIALS_DIRECTORY");
	struct buf names = { 0 };
	size_t i;

	for (i = 0; dir && *dir && i < sizeof(path) / sizeof(*path); i++)
		if (lies_below(path[i], dir))
			buf_printf(&names, "%s[%s]",
			    buf_len(&names) ? ", " : "", path[i]);
	if (buf_len(&names))
		log_warn(&r->start->log, "%s: the service manager's copy, made "
		    "at the start; 'systemctl restart' takes a new one",
		    buf_text(&names));
	buf_free(&names);
}

/* The manager shows one line. */
static void
tell_manager(const struct renew *r, const char *how, const char *text)
{
	struct buf b = { 0 }, line = { 0 };

	buf_put(&line, text, strcspn(text, "\n"));
	buf_printf(&b, "READY=1\nSTATUS=%s: ", how);
	plain_put(&b, buf_text(&line));
	notify_send(r->start->notify, buf_text(&b));
	buf_free(&b);
	buf_free(&line);
}

static void
say(const struct renew *r, bool taken, struct buf *said)
{
	const struct log *log = &r->start->log;
	const char *line = buf_text(said);
	int n;

	if (taken)
		log_info(log, "settings read anew, changed: %s", line);
	for (; !taken && *line; line += n + (line[n] == '\n')) {
		n = (int)strcspn(line, "\n");
		log_error(log, "settings not read anew, all is as it was: "
		    "%.*s", n, line);
	}
	tell_manager(r, taken ? "reloaded, changed" :
	    "not reloaded, all is as it was", buf_text(said));
}

void
renew(void *arg, struct server *sv)
{
	struct renew *r = arg;
	struct reading x = { 0 };
	struct buf said = { 0 };
	char state[64];
	bool taken;

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)loop_us());
	notify_send(r->start->notify, state);
	taken = read_all(r, &x, &said) == 0 && take(r, &x, sv, &said) == 0;
	if (taken) {
		if (!buf_len(&said))
			buf_puts(&said, "nothing");
		start_notes(r->start, x.own.notes);
		warn_waiting(r, &x);
	}
	warn_credentials(r, &x);
	say(r, taken, &said);
	token_file_release(&x.tokens);
	start_files_free(&x.files.cert, &x.files.key, &x.files.ca);
	if (x.to == &x.own)
		config_server_release(&x.own);
	buf_free(&said);
}
