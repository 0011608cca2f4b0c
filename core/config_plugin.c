// SPDX-License-Identifier: MIT
/* Client plugins: what serves in place of a local port.  A plugin is a row of
 * kinds, with rows of its own. */
#include "core/config_read.h"

#include <string.h>

#include "core/allow.h"

#define AT(field) .offset = offsetof(struct plugin_conf, field)

static const struct config_row socks5_rows[] = {
	{ "type", CONFIG_STR, AT(type) },
	{ "username", CONFIG_STR, AT(username), .holds = CONFIG_GUARD },
	{ "password", CONFIG_STR, AT(password), .holds = CONFIG_GUARD },
	{ 0 }
};

static const struct config_row offer_rows[] = {
	{ "type", CONFIG_STR, AT(type) },
	{ "allow", CONFIG_STR, AT(allow), .holds = CONFIG_GUARD },
	{ "allowRemote", CONFIG_STR, AT(allow_remote), .holds = CONFIG_GUARD },
	{ 0 }
};

/* What the rows do not say. */
static void
check_offer(const struct plugin_conf *p, struct buf *why)
{
	struct allow allow = { 0 };

	if (!p->allow)
		buf_puts(why, "plugin offer: allow is missing: what may be "
		    "reached, as in 22,8000-9000");
	else if (allow_parse(&allow, p->allow, why) < 0)
		buf_puts(why, " (plugin offer: allow)");
	allow_release(&allow);
	if (!buf_len(why) && p->allow_remote &&
	    allow_parse_here(&allow, p->allow_remote, why) < 0)
		buf_puts(why, " (plugin offer: allowRemote)");
	allow_release(&allow);
}

static const struct kind {
	const char *name, *go; /* go: what frp's errors call its options */
	const char *proxies;   /* the types of proxy that it serves */
	const struct config_row *rows;
	void (*check)(const struct plugin_conf *p, struct buf *why);
} kinds[] = {
	{ "socks5", "Socks5PluginOptions", "[tcp stcp]", socks5_rows,
	  NULL },
	{ "offer", "OfferPluginOptions", "[stcp]", offer_rows, check_offer },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static const char later[] = "[http_proxy static_file unix_domain_socket "
			    "https2http https2https http2https http2http "
			    "tls2raw virtual_net]";

static const struct kind *
find(const char *name)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

int
config_plugin(struct config_reader *r, const struct value *v,
    struct plugin_conf *to)
{
	struct config_reader sub = *r;
	const struct value *type;
	const struct kind *kind;

	if (v->type != VALUE_TABLE)
		return config_type_error(r, v, "plugin", "object");
	type = value_get_fold(v, "type");
	if (type && type->type != VALUE_NULL && type->type != VALUE_STR)
		return config_type_error(r, type, "type", "string");
	if (!type || type->type == VALUE_NULL || !type->textlen)
		return config_fail(r, v, "%splugin type is empty", r->inside);
	kind = find(type->text);
	if (kind) {
		sub.name = kind->go;
		sub.inside = "unmarshal ProxyConfig error: unmarshal "
			     "ClientPluginOptions error: ";
		sub.rows = kind->rows;
		sub.more = NULL;
		sub.to = to;
		return config_walk(&sub, v, "");
	}
	if (!config_is_choice(later, type->text))
		return config_fail(r, type, "%sunknown plugin type: %.64s",
		    r->inside, type->text);
	config_problem(r->problems, "not supported yet: plugin '%s'",
	    type->text);
	return 0;
}

void
config_plugin_complete(struct plugin_conf *p)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		config_complete(kinds[i].rows, p);
}

void
config_plugin_check(const struct proxy_conf *p, struct buf *why)
{
	const struct kind *kind = find(p->plugin.type);

	if (!kind)
		buf_printf(why, "unknown plugin type: %s", p->plugin.type);
	else if (!config_is_choice(kind->proxies, p->type))
		buf_printf(why, "plugin %s: not for a proxy of type '%s', "
		    "only for %s", p->plugin.type, p->type ? p->type : "",
		    kind->proxies);
	else if (kind->check)
		kind->check(&p->plugin, why);
}

void
config_plugin_release(struct plugin_conf *p)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		config_release(kinds[i].rows, p);
}
