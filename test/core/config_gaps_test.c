// SPDX-License-Identifier: MIT
/* Variables that are not set, or empty, in settings. */
#include "test/core/config_test.h"

#include <ctype.h>

static char blank[] = "BLANK=", full[] = "FULL=x";
static char *const some[] = { blank, full, NULL };

/* The reasons, and behind a '|' the notes. */
static const char *
server(const char *text)
{
	static struct buf said;
	struct config_source from = source(text, "f");
	struct server_conf c;

	buf_free(&said);
	from.env = some;
	config_server(&c, &from, &said);
	if (c.notes)
		buf_printf(&said, "|%s", c.notes);
	config_server_release(&c);
	return buf_text(&said);
}

static const char *
client(const char *text)
{
	static struct buf said;
	struct config_source from = source(text, "f");
	struct buf notes = { 0 };
	struct client_conf c;

	buf_free(&said);
	from.env = some;
	config_client(&c, &from, &said);
	config_client_warn(&c, &notes);
	if (buf_len(&notes))
		buf_printf(&said, "|%s", buf_text(&notes));
	buf_free(&notes);
	config_client_release(&c);
	return buf_text(&said);
}

TEST(config_refuses_a_secret_of_a_variable_that_is_not_set)
{
	CHECK_STR(server("auth.token = \"{{ .Envs.X }}\""),
	    "auth.token: the environment variable 'X' is not set");
	CHECK_STR(server("auth.token = \"a{{ .Envs.X }}b\""),
	    "auth.token: the environment variable 'X' is not set");
	CHECK_STR(server("auth.token = \"{{ .Envs.FULL }}\""), "");
	CHECK_STR(client("[[proxies]]\nname = \"p\"\ntype = \"stcp\"\n"
	    "secretKey = \"{{ .Envs.X }}\""),
	    "proxy p: secretKey: the environment variable 'X' is not set");
	CHECK_STR(client("[[visitors]]\nname = \"v\"\ntype = \"stcp\"\n"
	    "serverName = \"s\"\nbindPort = 1\n"
	    "secretKey = \"{{ .Envs.X }}\""),
	    "visitor v: secretKey: the environment variable 'X' is not set");
	CHECK_STR(client("[[proxies]]\nname = \"p\"\ntype = \"tcp\"\n"
	    "plugin = { type = \"socks5\", username = \"u\", "
	    "password = \"{{ .Envs.X }}\" }"),
	    "proxy p: password: the environment variable 'X' is not set");
}

TEST(config_refuses_a_path_of_a_variable_that_is_not_set)
{
	CHECK_STR(server("auth.tokenSource = { type = \"file\", file = { path "
	    "= \"{{ .Envs.X }}/token\" } }"),
	    "auth.tokenSource: the environment variable 'X' is not set");
	CHECK_STR(server("transport.tls.certFile = \"{{ .Envs.X }}/c\"\n"
	    "transport.tls.keyFile = \"{{ .Envs.Y }}/k\""),
	    "transport.tls.certFile: one of the environment variables 'X', "
	    "'Y' is not set\ntransport.tls.keyFile: one of the environment "
	    "variables 'X', 'Y' is not set");
	CHECK_STR(server("log.to = \"{{ .Envs.X }}/log\""),
	    "log.to: the environment variable 'X' is not set");
	CHECK_STR(client("includes = [\"a\", \"{{ .Envs.X }}/*.toml\"]"),
	    "includes: the environment variable 'X' is not set");
}

TEST(config_refuses_what_guards_and_is_empty_by_a_variable)
{
	CHECK_STR(server("auth.token = \"{{ .Envs.BLANK }}\""),
	    "auth.token: the environment variable 'BLANK' is empty");
	CHECK_STR(server("transport.tls.trustedCaFile = \"{{ .Envs.BLANK }}"
	    "\""), "transport.tls.trustedCaFile: the environment variable "
	    "'BLANK' is empty");
	CHECK_STR(client("transport.tls.pin = \"{{ .Envs.BLANK }}\""),
	    "transport.tls.pin: the environment variable 'BLANK' is empty");
	/* no log file, and no token, are things that one may want */
	CHECK_STR(server("log.to = \"{{ .Envs.BLANK }}\""), "");
	CHECK_STR(server("auth.token = \"\""), "");
}

TEST(config_notes_other_variables_that_are_not_set)
{
	CHECK_STR(client("user = \"{{ .Envs.X }}\""),
	    "|user: the environment variable 'X' is not set, so "
	    "\"<no value>\" stands there");
	CHECK_STR(client("metadatas = { a = \"{{ .Envs.X }}\" }"),
	    "|metadatas: the environment variable 'X' is not set, so "
	    "\"<no value>\" stands there");
	CHECK_STR(server("# {{ .Envs.X }}"), "");
	CHECK_STR(server("auth.token = \"<no value>\""), "");
}

TEST(config_says_what_is_not_set_where_the_text_is_broken_by_it)
{
	CHECK(has(server("bindPort = {{ .Envs.X }}"),
	    "; the environment variable 'X' is not set"));
}

static bool
guards(const char *path)
{
	static const char *const words[] = { "token", "secret", "password",
		"username", "cert", "key", "ca", "pin" };
	const char *last = strrchr(path, '.');
	char low[64];
	size_t i, n;

	last = last ? last + 1 : path;
	for (n = 0; last[n] && n < sizeof(low) - 1; n++)
		low[n] = (char)tolower((unsigned char)last[n]);
	low[n] = '\0';
	if (strstr(low, "keepalive"))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		n = strlen(words[i]);
		if (strncmp(low, words[i], n) == 0 && (!low[n] ||
		    !strcmp(low + n, "file") || !strcmp(low + n, "source") ||
		    !strcmp(low + n, "key")))
			return true;
	}
	return strstr(low, "cafile") != NULL;
}

static void
look(const struct config_row *row)
{
	for (; row->path; row++) {
		if (row->offset == CONFIG_UNUSED)
			continue;
		if (guards(row->path) != (row->holds == CONFIG_GUARD))
			printf("    %s\n", row->path);
		CHECK(guards(row->path) == (row->holds == CONFIG_GUARD));
	}
}

TEST(config_rows_of_secrets_say_that_they_guard)
{
	look(config_server_rows());
	look(config_client_rows());
	look(config_proxy_rows());
	look(config_visitor_rows());
	look(secret_rows);
}
