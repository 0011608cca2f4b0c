// SPDX-License-Identifier: MIT
/* Every row of the tables is tried, in loops over them. */
#include "test/core/config_test.h"

#include "core/mem.h"

/* A value that the row takes and that is not its default. */
static const char *
other_value(const struct config_row *row)
{
	switch (row->kind) {
	case CONFIG_STR:
		return strcmp(row->path, "auth.method") == 0 ? "\"oidc\"" :
		    strcmp(row->path, "log.level") == 0	 ? "\"warn\"" :
		    strcmp(row->path, "transport.protocol") == 0 ? "\"kcp\"" :
		    strcmp(row->path, "transport.wireProtocol") == 0 ?
							   "\"v2\"" :
							   "\"other\"";
	case CONFIG_PINS:
		return "[\"" PIN "\", \"" PIN "\"]";
	case CONFIG_INT:
	case CONFIG_PORT:
	case CONFIG_PACKET:
		return "4321";
	case CONFIG_BOOL:
		return row->number ? "false" : "true";
	case CONFIG_STRS:
		return "[\"one\", \"two\"]";
	case CONFIG_PAIRS:
		return "{ b = \"2\", a = \"1\" }";
	case CONFIG_RANGES:
		return "[{ start = 1, end = 2 }, { single = 3 }]";
	case CONFIG_SCOPES:
		return "[\"HeartBeats\", \"NewWorkConns\"]";
	case CONFIG_SOURCE:
		return "{ type = \"file\", file = { path = \"p\" } }";
	case CONFIG_PROXIES:
		return "[{ name = \"p\", type = \"tcp\" }]";
	case CONFIG_VISITORS:
		return "[{ name = \"p\", type = \"stcp\", serverName = "
		       "\"s\", bindPort = 1 }]";
	case CONFIG_PLUGIN:
		return "{ type = \"socks5\", username = \"u\" }";
	case CONFIG_LIST:
		return "[{ a = 1 }]";
	case CONFIG_OBJECT:
		return "{ a = \"b\" }";
	}
	return NULL;
}

static bool
is_set(const struct config_row *row, const void *of)
{
	const char *at = (const char *)of + row->offset;
	const struct auth_conf *a = (const void *)at;
	const struct ranges *r = (const void *)at;
	const struct strings *s = (const void *)at;
	const struct pairs *p = (const void *)at;
	const struct proxies *list = (const void *)at;
	const struct plugin_conf *plugin = (const void *)at;
	const char *text;

	switch (row->kind) {
	case CONFIG_STR:
		text = *(char *const *)at;
		return text &&
		    (!strcmp(text, "other") || !strcmp(text, "warn"));
	case CONFIG_PINS:
		text = *(char *const *)at;
		return text && !strcmp(text, PIN "," PIN);
	case CONFIG_INT:
	case CONFIG_PORT:
	case CONFIG_PACKET:
		return *(const int64_t *)at == 4321;
	case CONFIG_BOOL:
		return *(const bool *)at == !row->number;
	case CONFIG_STRS:
		return s->n == 2 && !strcmp(s->v[1], "two");
	case CONFIG_PAIRS:
		return p->n == 2 && !strcmp(p->v[0], "a") &&
		    !strcmp(p->v[1], "1") && !strcmp(p->v[2], "b");
	case CONFIG_RANGES:
		return r->n == 2 && r->v[0].last == 2 && r->v[1].first == 3;
	case CONFIG_SCOPES:
		return a->heartbeats && a->new_work_conns;
	case CONFIG_SOURCE:
		return a->token_file && !strcmp(a->token_file, "p");
	case CONFIG_PROXIES:
	case CONFIG_VISITORS:
		return list->n == 1 && !strcmp(list->v[0].name, "p");
	case CONFIG_PLUGIN:
		return plugin->type && !strcmp(plugin->type, "socks5") &&
		    !strcmp(plugin->username, "u");
	default:
		return false;
	}
}

static bool
is_default(const struct config_row *row, const void *of)
{
	const char *at = (const char *)of + row->offset;
	const char *text;

	switch (row->kind) {
	case CONFIG_STR:
	case CONFIG_PINS:
		text = *(char *const *)at;
		return row->text ? text && !strcmp(text, row->text) : !text;
	case CONFIG_INT:
	case CONFIG_PORT:
	case CONFIG_PACKET:
		return *(const int64_t *)at == row->number;
	case CONFIG_BOOL:
		return *(const bool *)at == !!row->number;
	default:
		return true;
	}
}

/* Derived when they are not set, so no default stands in the row. */
static bool
is_derived(const struct config_row *row)
{
	return strstr(row->path, "eartbeat") != NULL ||
	    strcmp(row->path, "proxyBindAddr") == 0;
}

/* key = value, in letters of the other case. */
static char *
line(const struct config_row *row, const char *value, bool upper)
{
	struct buf b = { 0 };
	char *text, *p;

	buf_printf(&b, "%s = ", row->path);
	text = buf_text(&b);
	for (p = text; upper && *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p -= 0x20;
	buf_printf(&b, "%s\n", value);
	text = mem_dup(buf_text(&b));
	buf_free(&b);
	return text;
}

static void
try_row(const struct config_row *row, const char *text, const void *c,
    const char *why)
{
	char want[160];
	bool ok;

	snprintf(want, sizeof(want), "not supported yet: %s ", row->path);
	if (row->later)
		ok = CHECK(has(why, want)) && CHECK(has(why, row->later));
	else
		ok = CHECK(!*why) && (row->offset == CONFIG_UNUSED ||
		    CHECK(is_set(row, c)));
	if (!ok)
		printf("    %s    %s\n", text, why);
}

TEST(config_every_server_row_changes_its_field_or_is_refused)
{
	const struct config_row *row;
	struct server_conf c;
	int upper;

	for (upper = 0; upper < 2; upper++)
		for (row = config_server_rows(); row->path; row++) {
			char *text = line(row, other_value(row), upper);
			const char *why = server_file(&c, text, "f");

			try_row(row, text, &c, why);
			config_server_release(&c);
			free(text);
		}
}

/* Where one follows from another, both differ. */
TEST(config_settings_differ_in_the_rows_that_were_changed)
{
	const struct config_row *row, *other;
	struct server_conf one, two;

	CHECK_STR(server_file(&one, "", "f"), "");
	for (row = config_server_rows(); row->path; row++) {
		char *text = line(row, other_value(row), false);

		server_file(&two, text, "f");
		for (other = config_server_rows(); other->path; other++) {
			bool same = other != row && !is_derived(other) &&
			    !strstr(other->path, "tls.force");

			if (other->offset == CONFIG_UNUSED)
				CHECK(config_same(other, &one, &two));
			else if (row->offset != CONFIG_UNUSED &&
			    (same || other == row))
				CHECK(config_same(other, &one, &two) == same);
			CHECK(config_same(other, &two, &two));
		}
		config_server_release(&two);
		free(text);
	}
	config_server_release(&one);
}

TEST(config_every_client_row_changes_its_field_or_is_refused)
{
	const struct config_row *row;
	struct client_conf c;
	int upper;

	for (upper = 0; upper < 2; upper++)
		for (row = config_client_rows(); row->path; row++) {
			char *text = line(row, other_value(row), upper);
			const char *why = client_file(&c, text, "f");

			try_row(row, text, &c, why);
			config_client_release(&c);
			free(text);
		}
}

/* Each row in an item that would be complete without it. */
static void
try_item_rows(const struct config_row *row, const char *key, const char *type,
    const char *rest)
{
	struct client_conf c;
	char text[256], want[80];

	for (; row->path; row++) {
		const struct proxies *list = *key == 'p' ? &c.proxies :
							   &c.visitors;
		const char *why;

		if (!strcmp(row->path, "type") || !strcmp(row->path, "name") ||
		    !strcmp(row->path, "enabled"))
			continue;
		snprintf(text, sizeof(text), "[[%s]]\nname = \"n\"\n"
		    "type = \"%s\"\n%s%s = %s\n", key, type,
		    strstr(rest, row->path) ? "" : rest, row->path,
		    other_value(row));
		if (strcmp(row->path, "serverName") == 0)
			strcat(text, "bindPort = 1\n");
		if (strcmp(row->path, "bindPort") == 0)
			strcat(text, "serverName = \"s\"\n");
		why = client_file(&c, text, "f");
		CHECK(list->n == 1);
		if (list->n)
			try_row(row, text, &list->v[0], why);
		snprintf(want, sizeof(want), "%s n: ",
		    *key == 'p' ? "proxy" : "visitor");
		if (row->later)
			CHECK(has(why, want));
		config_client_release(&c);
	}
}

TEST(config_every_proxy_row_changes_its_field_or_is_refused)
{
	static const struct config_row both[] = { CONFIG_SECRET_ROWS, { 0 } };

	try_item_rows(config_proxy_rows(), "proxies", "tcp", "");
	try_item_rows(both, "proxies", "stcp", "");
}

TEST(config_every_visitor_row_changes_its_field_or_is_refused)
{
	try_item_rows(config_visitor_rows(), "visitors", "stcp",
	    "serverName = \"s\"\nbindPort = 1\n");
}

static void
put_default(struct buf *b, const struct config_row *row)
{
	if (row->kind == CONFIG_STR || row->kind == CONFIG_PINS)
		buf_printf(b, "%s = \"%s\"\n", row->path,
		    row->text ? row->text : "");
	else if (row->kind == CONFIG_INT || row->kind == CONFIG_PORT ||
	    row->kind == CONFIG_PACKET)
		buf_printf(b, "%s = %d\n", row->path, (int)row->number);
	else if (row->kind == CONFIG_BOOL)
		buf_printf(b, "%s = %s\n", row->path,
		    row->number ? "true" : "false");
	else if (row->kind == CONFIG_OBJECT || row->kind == CONFIG_PAIRS)
		buf_printf(b, "%s = {}\n", row->path);
	else if (row->kind != CONFIG_SOURCE)
		buf_printf(b, "%s = []\n", row->path);
}

TEST(config_defaults_are_those_of_the_rows_and_may_be_written_out)
{
	const struct config_row *row;
	struct server_conf s;
	struct client_conf c;
	struct buf b = { 0 };

	CHECK_STR(server_file(&s, "", "f"), "");
	for (row = config_server_rows(); row->path; row++) {
		if (row->offset != CONFIG_UNUSED && !is_derived(row) &&
		    !CHECK(is_default(row, &s)))
			printf("    %s\n", row->path);
		put_default(&b, row);
	}
	config_server_release(&s);
	CHECK_STR(server_file(&s, buf_text(&b), "f"), "");
	config_server_release(&s);
	buf_free(&b);
	CHECK_STR(client_file(&c, "\n# nothing\n", "f.yaml"), "f.yaml: not "
	    "supported yet: YAML files; write the settings as TOML or JSON");
	config_client_release(&c);
	CHECK_STR(client_file(&c, "", "f"), "");
	for (row = config_client_rows(); row->path; row++) {
		if (row->offset != CONFIG_UNUSED && !is_derived(row) &&
		    !CHECK(is_default(row, &c)))
			printf("    %s\n", row->path);
		put_default(&b, row);
	}
	config_client_release(&c);
	CHECK_STR(client_file(&c, buf_text(&b), "f"), "");
	config_client_release(&c);
	buf_free(&b);
}
