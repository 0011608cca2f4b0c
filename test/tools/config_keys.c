// SPDX-License-Identifier: MIT
/* Every key of the settings files, a line each with tabs between: whose it is
 * (server, client, proxy, visitor, or a type of proxy), the key, whether it
 * works, is for later or is accepted without a use, and the row's default or
 * '-'. */
#include <inttypes.h>
#include <stdio.h>

#include "core/config.h"
#include "net/proxy.h"

static const char *
state_of(const struct config_row *row)
{
	if (row->offset != CONFIG_UNUSED)
		return "works";
	return row->later ? "later" : "unused";
}

static void
put_default(const struct config_row *row)
{
	switch (row->kind) {
	case CONFIG_STR:
		puts(row->text ? row->text : "-");
		break;
	case CONFIG_INT:
	case CONFIG_PORT:
	case CONFIG_PACKET:
		printf("%" PRId64 "\n", row->number);
		break;
	case CONFIG_BOOL:
		puts(row->number ? "true" : "false");
		break;
	default:
		puts("-");
		break;
	}
}

static void
put_rows(const char *whose, const struct config_row *row)
{
	for (; row->path; row++) {
		printf("%s\t%s\t%s\t", whose, row->path, state_of(row));
		put_default(row);
	}
}

int
main(void)
{
	const struct config_type *const *type;

	put_rows("server", config_server_rows());
	put_rows("client", config_client_rows());
	put_rows("proxy", config_proxy_rows());
	for (type = proxy_config_types.proxies; *type; type++)
		put_rows((*type)->name, (*type)->rows);
	put_rows("visitor", config_visitor_rows());
	for (type = proxy_config_types.visitors; *type; type++)
		put_rows("visitor", (*type)->rows);
	return 0;
}
