/* What the two files of tests about settings share. */
#ifndef TEST_CORE_CONFIG_TEST_H
#define TEST_CORE_CONFIG_TEST_H

#include "core/config.h"
#include "test/t.h"

#define PIN "sha256:" \
	"00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100"

static const struct config_row port_rows[] = { CONFIG_REMOTE_PORT_ROWS,
	{ 0 } };
static const struct config_row secret_rows[] = { CONFIG_SECRET_ROWS, { 0 } };
static const struct config_row no_rows[] = { { 0 } };
static const struct config_type tcp = { "tcp", port_rows, NULL };
static const struct config_type udp = { "udp", port_rows, NULL };
static const struct config_type stcp = { "stcp", secret_rows, NULL };
static const struct config_type stcp_visitor = { "stcp", no_rows, NULL };
static const struct config_type *const proxy_types[] = { &tcp, &udp, &stcp,
	NULL };
static const struct config_type *const visitor_types[] = { &stcp_visitor,
	NULL };
static const struct config_types types = { proxy_types, visitor_types };

static char token[] = "TOKEN=s+<x>";
static char *const env[] = { token, NULL };

static inline struct config_source
source(const char *text, const char *file)
{
	return (struct config_source){ .text = text, .n = strlen(text),
		.file = file, .strict = true, .env = env, .types = &types };
}

/* The reasons, or "" when all is well; borrowed until the next call. */
static inline const char *
server_file(struct server_conf *c, const char *text, const char *file)
{
	static struct buf why;
	struct config_source from = source(text, file);
	int r;

	buf_free(&why);
	r = config_server(c, &from, &why);
	CHECK((r < 0) == (buf_len(&why) > 0));
	return buf_text(&why);
}

static inline const char *
client_file(struct client_conf *c, const char *text, const char *file)
{
	static struct buf why;
	struct config_source from = source(text, file);
	int r;

	buf_free(&why);
	r = config_client(c, &from, &why);
	CHECK((r < 0) == (buf_len(&why) > 0));
	return buf_text(&why);
}

static inline void
client_says(const char *text, const char *want)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, text, "f"), want);
	config_client_release(&c);
}

static inline bool
has(const char *text, const char *part)
{
	bool found = strstr(text, part) != NULL;

	if (!found)
		printf("    '%s' is not in '%s'\n", part, text);
	return found;
}

#endif
