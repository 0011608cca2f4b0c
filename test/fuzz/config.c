// SPDX-License-Identifier: MIT
/* The first byte chooses the program, the rest is its file. */
#include <stdlib.h>

#include "core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct config_row tcp_rows[] = { CONFIG_REMOTE_PORT_ROWS,
	{ 0 } };
static const struct config_row stcp_rows[] = { CONFIG_SECRET_ROWS, { 0 } };
static const struct config_row no_rows[] = { { 0 } };
static const struct config_type tcp = { "tcp", tcp_rows, NULL };
static const struct config_type stcp = { "stcp", stcp_rows, NULL };
static const struct config_type visitor = { "stcp", no_rows, NULL };
static const struct config_type *const proxies[] = { &tcp, &stcp, NULL };
static const struct config_type *const visitors[] = { &visitor, NULL };
static const struct config_types types = { proxies, visitors };

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char one[] = "A=1", *env[] = { one, NULL };
	struct config_source from = { .file = "f", .env = env,
		.types = &types };
	struct buf why = { 0 };
	struct client_conf c;
	struct server_conf s;
	int r;

	if (n == 0)
		return 0;
	from.text = (const char *)p + 1;
	from.n = n - 1;
	from.strict = (*p & 2) != 0;
	if (*p & 1) {
		r = config_server(&s, &from, &why);
		config_server_release(&s);
	} else {
		r = config_client(&c, &from, &why);
		if (r == 0)
			config_client_add(&c, &from, &why);
		config_client_release(&c);
	}
	if (r < 0 && buf_len(&why) == 0)
		abort();
	buf_free(&why);
	return 0;
}
