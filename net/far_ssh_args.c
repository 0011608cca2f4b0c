// SPDX-License-Identifier: MIT
#include "net/far_ssh_args.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "core/mem.h"

#define ARGS_MOST 64
/* While it begins to listen ssh puts so much behind the name. */
#define SOCKET_TAIL ".0123456789abcdef"

/* Whatever stands in the user's own settings: the connection is ours alone,
 * nothing is bound here, no command is run here, and a dead path is noticed
 * within 30 s. */
static const char *const always[] = {
	"ControlMaster=yes", "ControlPersist=no", "ClearAllForwardings=yes",
	"PermitLocalCommand=no", "RemoteCommand=none", "ForwardAgent=no",
	"ForwardX11=no", "Tunnel=no", "LogLevel=INFO", "ConnectTimeout=10",
	"ConnectionAttempts=1", "ServerAliveInterval=9",
	"ServerAliveCountMax=2", "StrictHostKeyChecking=accept-new",
	"UpdateHostKeys=no", "ForkAfterAuthentication=no",
};

struct args {
	char **v;
	size_t n;
};

static void
add(struct args *a, const char *text)
{
	a->v[a->n++] = mem_dup(text);
}

static void
add_option(struct args *a, const char *text)
{
	add(a, "-o");
	add(a, text);
}

/* In quotes, and with what ssh would replace doubled. */
static void
put_path(struct buf *to, const char *path)
{
	buf_puts(to, "\"");
	for (; *path; path++) {
		if (*path == '%')
			buf_puts(to, "%");
		buf_put(to, path, 1);
	}
	buf_puts(to, "\"");
}

static void
add_paths(struct args *a, const char *key, const char *one, const char *two)
{
	struct buf b = { 0 };

	buf_puts(&b, key);
	put_path(&b, one);
	if (two)
		buf_printf(&b, " \"%s\"", two);
	add_option(a, buf_text(&b));
	buf_free(&b);
}

static void
add_with(struct args *a, const char *opt, const char *value)
{
	if (!value)
		return;
	add(a, opt);
	add(a, value);
}

char **
far_ssh_args(const struct far_ssh_conf *c, const char *path)
{
	struct args a = { mem_zero(ARGS_MOST * sizeof(char *)), 0 };
	struct buf port = { 0 };
	size_t i;

	add(&a, "ssh");
	add(&a, "-N");
	add(&a, "-T");
	for (i = 0; i < sizeof(always) / sizeof(*always); i++)
		add_option(&a, always[i]);
	add_option(&a, c->ask ? "BatchMode=no" : "BatchMode=yes");
	add_paths(&a, "ControlPath=", path, NULL);
	/* what the user has accepted before holds, too; new keys are ours */
	if (c->known_hosts)
		add_paths(&a, "UserKnownHostsFile=", c->known_hosts,
		    "~/.ssh/known_hosts");
	if (c->key)
		add_option(&a, "IdentitiesOnly=yes");
	add_with(&a, "-i", c->key);
	add_with(&a, "-l", c->user);
	add_with(&a, "-J", c->jump);
	if (c->port) {
		buf_printf(&port, "%d", c->port);
		add_with(&a, "-p", buf_text(&port));
		buf_free(&port);
	}
	add(&a, "--");
	add(&a, c->host);
	return a.v;
}

void
far_ssh_args_free(char **argv)
{
	size_t i;

	for (i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
}

int
far_ssh_check(const struct far_ssh_conf *c, struct buf *why)
{
	size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) -
	    sizeof("/ctl" SOCKET_TAIL);

	if (!c->host || !*c->host || *c->host == '-')
		buf_printf(why, "'%s' is no host for ssh",
		    c->host ? c->host : "");
	else if (strlen(c->dir) > most)
		buf_printf(why, "'%s': the path is too long for a socket in "
		    "it, %zu bytes are the most", c->dir, most);
	else if (strpbrk(c->dir, "\"$") ||
	    (c->known_hosts && strpbrk(c->known_hosts, "\"$")))
		buf_printf(why, "'%s': ssh cannot use a path with a quote or "
		    "a dollar sign", strpbrk(c->dir, "\"$") ? c->dir :
		    c->known_hosts);
	else
		return 0;
	return -1;
}

void
far_ssh_put_name(struct buf *to, const struct far_ssh_conf *c)
{
	if (c->user)
		buf_printf(to, "%s@", c->user);
	buf_printf(to, c->port && strchr(c->host, ':') ? "[%s]" : "%s",
	    c->host);
	if (c->port)
		buf_printf(to, ":%d", c->port);
}

static const struct {
	const char *said;
	const char *hint;
	bool mends;
} hints[] = {
	{ "Permission denied", "is it the right user and key, and does the "
	  "machine know the key?", false },
	{ "Too many authentication failures", "name the one key to use",
	  false },
	{ "no such identity", "there is no such key file", false },
	{ "Connection refused", "does sshd listen there, on that port?",
	  true },
	{ "Could not resolve hostname", "is the name right?", true },
	{ "Bad configuration option", "is this OpenSSH, 8.7 or later?",
	  false },
};

void
far_ssh_put_hint(struct buf *to, const struct far_ssh_conf *c,
    const char *line, bool *mends)
{
	size_t i;

	*mends = true;
	if (strstr(line, "Host key verification failed")) {
		*mends = false;
		buf_printf(to, " (the machine shows another key than before: "
		    "if that is right, take the old one out of '%s')",
		    c->known_hosts ? c->known_hosts : "~/.ssh/known_hosts");
		return;
	}
	for (i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		if (strstr(line, hints[i].said)) {
			*mends = hints[i].mends;
			buf_printf(to, " (%s)", hints[i].hint);
			return;
		}
}

bool
far_ssh_is_chat(const char *line)
{
	static const char *const starts[] = { "Warning: Permanently added",
		"@@@", "** WARNING", "channel " };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}
