// SPDX-License-Identifier: MIT
/* Visitors: a port here that leads to a proxy that has none of its own. */
#include "core/config_read.h"

#include <inttypes.h>

#define AT(field) .offset = offsetof(struct proxy_conf, field)

static const struct config_row rows[] = {
	CONFIG_ITEM_ROWS,
	{ "secretKey", CONFIG_STR, AT(secret_key), .holds = CONFIG_GUARD },
	{ "serverUser", CONFIG_STR, AT(server_user) },
	{ "serverName", CONFIG_STR, AT(server_name) },
	{ "bindAddr", CONFIG_STR, AT(bind_addr), .text = "127.0.0.1" },
	{ "bindPort", CONFIG_INT, AT(bind_port) },
	CONFIG_LATER("plugin", CONFIG_OBJECT, "visitor plugins",
	    .text = NULL),
	{ 0 }
};

const struct config_row *
config_visitor_rows(void)
{
	return rows;
}

static void
check(const struct proxy_conf *v, struct buf *why)
{
	if (!v->server_name)
		buf_puts(why, "server name is required");
	else if (v->bind_port == 0)
		buf_puts(why, "bind port is required");
	else if (v->bind_port > 65535)
		buf_printf(why, "bindPort: port number %" PRId64
		    " must be in the range 0..65535", v->bind_port);
}

const struct config_item config_visitor_item = {
	.word = "visitor",
	.key = "visitors",
	.name = "VisitorConfig",
	.list = "[]v1.TypedVisitorConfig",
	.inside = "unmarshal VisitorConfig error: ",
	.nameless = "name is required",
	.known = "[stcp sudp xtcp]",
	.types = offsetof(struct config_types, visitors),
	.at = offsetof(struct client_conf, visitors),
	.rows = rows,
	.check = check,
};

void
config_visitor_complete(struct proxy_conf *v,
    const struct config_types *types)
{
	config_item_complete(&config_visitor_item, v, types);
}

int
config_visitor_check(const struct proxy_conf *v,
    const struct config_types *types, struct buf *why)
{
	return config_item_check(&config_visitor_item, v, types, why);
}

char *
config_visitor_target(const struct client_conf *c, const struct proxy_conf *v)
{
	struct buf b = { 0 };

	if (!v->server_user)
		return config_full_name(c, v->server_name);
	buf_printf(&b, "%s.%s", v->server_user, v->server_name);
	return config_take_text(&b);
}
