// SPDX-License-Identifier: MIT
/* Proxies: the keys that all types have. */
#include "core/config_read.h"

#include <inttypes.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct proxy_conf, field)
#define LATER(key, kind, why, ...) CONFIG_LATER(key, kind, why, __VA_ARGS__)

static const struct config_row rows[] = {
	CONFIG_ITEM_ROWS,
	{ "localIP", CONFIG_STR, AT(local_ip), .text = "127.0.0.1" },
	{ "localPort", CONFIG_PORT, AT(local_port) },
	{ "metadatas", CONFIG_PAIRS, AT(metas) },
	{ "annotations", CONFIG_PAIRS, AT(annotations) },
	{ "plugin", CONFIG_PLUGIN, AT(plugin) },
	LATER("transport.bandwidthLimit", CONFIG_STR, "bandwidth limits",
	    .text = NULL),
	LATER("transport.bandwidthLimitMode", CONFIG_STR, "bandwidth limits",
	    .text = "client"),
	LATER("transport.proxyProtocolVersion", CONFIG_STR,
	    "the PROXY protocol", .text = NULL),
	LATER("loadBalancer.group", CONFIG_STR, "load balancing",
	    .text = NULL),
	LATER("loadBalancer.groupKey", CONFIG_STR, "load balancing",
	    .text = NULL),
	LATER("healthCheck.type", CONFIG_STR, "health checks", .text = NULL),
	LATER("healthCheck.timeoutSeconds", CONFIG_INT, "health checks",
	    .number = 3),
	LATER("healthCheck.maxFailed", CONFIG_INT, "health checks",
	    .number = 1),
	LATER("healthCheck.intervalSeconds", CONFIG_INT, "health checks",
	    .number = 10),
	LATER("healthCheck.path", CONFIG_STR, "health checks", .text = NULL),
	LATER("healthCheck.httpHeaders", CONFIG_LIST, "health checks",
	    .text = NULL),
	{ 0 }
};

const struct config_row *
config_proxy_rows(void)
{
	return rows;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* Letters and digits, and of the others in between; 1 to max bytes. */
static bool
is_name(const char *p, size_t n, const char *others, size_t max)
{
	size_t i;

	if (n == 0 || n > max || !is_alnum(p[0]) || !is_alnum(p[n - 1]))
		return false;
	for (i = 0; i < n; i++)
		if (!is_alnum(p[i]) && !strchr(others, p[i]))
			return false;
	return true;
}

/* Kubernetes' rules: a name, or a domain, a slash and a name. */
static void
check_annotations(const struct pairs *a, struct buf *why)
{
	size_t i, size = 0, domain;
	const char *key, *slash;

	for (i = 0; i < a->n; i++) {
		key = a->v[2 * i];
		size += strlen(key) + strlen(a->v[2 * i + 1]);
		slash = strchr(key, '/');
		domain = slash ? (size_t)(slash - key) : 0;
		if (slash && (!is_name(key, domain, "-.", 253) ||
		    strstr(key, "..")))
			buf_printf(why, "annotation key %s is invalid: prefix "
			    "part must be a DNS subdomain", key);
		else if (!is_name(slash ? slash + 1 : key,
			strlen(slash ? slash + 1 : key), "-_.", 63))
			buf_printf(why, "annotation key %s is invalid: name "
			    "part must consist of alphanumeric characters, "
			    "'-', '_' or '.', and must start and end with an "
			    "alphanumeric character", key);
		if (buf_len(why))
			return;
	}
	if (size > 262144)
		buf_printf(why, "annotations size %zu is larger than limit "
				"262144", size);
}

static void
check(const struct proxy_conf *p, struct buf *why)
{
	if (p->plugin.type)
		config_plugin_check(p, why);
	else if (p->local_port < 0 || p->local_port > 65535)
		buf_printf(why, "localPort: localPort: port number %" PRId64
		    " must be in the range 0..65535", p->local_port);
	if (buf_len(why) == 0)
		check_annotations(&p->annotations, why);
}

const struct config_item config_proxy_item = {
	.word = "proxy",
	.key = "proxies",
	.name = "ProxyConfig",
	.list = "[]v1.TypedProxyConfig",
	.inside = "unmarshal ProxyConfig error: ",
	.nameless = "name should not be empty",
	.known = "[tcp udp http https tcpmux stcp sudp xtcp]",
	.types = offsetof(struct config_types, proxies),
	.at = offsetof(struct client_conf, proxies),
	.rows = rows,
	.check = check,
};

void
config_proxy_complete(struct proxy_conf *p, const struct config_types *types)
{
	config_item_complete(&config_proxy_item, p, types);
}

int
config_proxy_check(const struct proxy_conf *p,
    const struct config_types *types, struct buf *why)
{
	return config_item_check(&config_proxy_item, p, types, why);
}

char *
config_full_name(const struct client_conf *c, const char *name)
{
	struct buf b = { 0 };

	if (c->user && *c->user)
		buf_printf(&b, "%s.", c->user);
	buf_puts(&b, name);
	return config_take_text(&b);
}
