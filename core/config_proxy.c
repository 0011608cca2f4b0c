// SPDX-License-Identifier: MIT
/* A proxy: the keys that all types have, and the type that brings the rest. */
#include "core/config_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/mem.h"

#define AT(field) .offset = offsetof(struct proxy_conf, field)
#define LATER(key, kind, why, ...) CONFIG_LATER(key, kind, why, __VA_ARGS__)

static const struct config_row rows[] = {
	{ "name", CONFIG_STR, AT(name) },
	{ "type", CONFIG_STR, AT(type) },
	{ "enabled", CONFIG_BOOL, AT(enabled), .number = true },
	{ "localIP", CONFIG_STR, AT(local_ip), .text = "127.0.0.1" },
	{ "localPort", CONFIG_PORT, AT(local_port) },
	{ "metadatas", CONFIG_PAIRS, AT(metas) },
	{ "annotations", CONFIG_PAIRS, AT(annotations) },
	LATER("plugin", CONFIG_OBJECT, "client plugins", .text = NULL),
	LATER("transport.useEncryption", CONFIG_BOOL, "encryption of its own",
	    .number = false),
	LATER("transport.useCompression", CONFIG_BOOL, "compression",
	    .number = false),
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

void
config_proxy_defaults(struct proxy_conf *p)
{
	*p = (struct proxy_conf){ 0 };
	config_set_defaults(rows, p);
}

void
config_proxy_release(struct proxy_conf *p)
{
	config_release(rows, p);
	free(p->problem);
	*p = (struct proxy_conf){ 0 };
}

static const struct config_type *
find_type(const struct config_type *const *types, const char *name)
{
	for (; types && *types; types++)
		if (strcmp((*types)->name, name) == 0)
			return *types;
	return NULL;
}

void
config_proxy_complete(struct proxy_conf *p,
    const struct config_type *const *types)
{
	const struct config_type *kind = find_type(types,
	    p->type ? p->type : "");

	config_complete(rows, p);
	if (kind)
		config_complete(kind->rows, p);
}

static bool
is_later_type(const char *name)
{
	return config_is_choice("[tcp udp http https tcpmux stcp sudp xtcp]",
	    name);
}

static int
read_proxy(struct config_reader *r, const struct value *v)
{
	const struct value *type = v->type == VALUE_TABLE ?
	    value_get_fold(v, "type") : NULL;
	const struct config_type *kind;

	if (v->type != VALUE_TABLE && v->type != VALUE_NULL)
		return config_type_error(r, v, "proxies", "object");
	if (!type || type->type == VALUE_NULL)
		return config_fail(r, v, "type is required");
	if (type->type != VALUE_STR)
		return config_type_error(r, type, "type", "string");
	kind = find_type(r->from->types, type->text);
	if (kind) {
		r->more = kind->rows;
		config_set_defaults(kind->rows, r->to);
		return config_walk(r, v, "");
	}
	if (!is_later_type(type->text))
		return config_fail(r, type, "unknown proxy type: %.64s",
		    type->text);
	/* its own keys are not known here, the common ones are enough */
	config_problem(r->problems, "not supported yet: proxy type '%s'",
	    type->text);
	return config_walk(r, v, "");
}

int
config_proxies(struct config_reader *r, const struct value *list)
{
	struct client_conf *c = r->client;
	struct config_source from = *r->from;
	struct config_reader sub = *r;
	size_t i;

	if (list->type != VALUE_LIST)
		return config_type_error(r, list, "proxies",
		    "[]v1.TypedProxyConfig");
	sub.name = "ProxyConfig";
	sub.inside = "unmarshal ProxyConfig error: ";
	sub.rows = rows;
	sub.from = &from;
	for (i = 0; i < list->n; i++) {
		struct buf problems = { 0 };
		struct proxy_conf *p;
		const struct value *type;
		int err;

		c->proxies = mem_grow(c->proxies,
		    (c->nproxies + 1) * sizeof(*c->proxies));
		p = &c->proxies[c->nproxies++];
		config_proxy_defaults(p);
		type = list->list[i]->type == VALUE_TABLE ?
		    value_get_fold(list->list[i], "type") : NULL;
		from.strict = r->from->strict && type &&
		    type->type == VALUE_STR &&
		    find_type(r->from->types, type->text);
		sub.to = p;
		sub.more = NULL;
		sub.problems = &problems;
		err = read_proxy(&sub, list->list[i]);
		p->problem = config_take_text(&problems);
		if (err < 0)
			return err;
	}
	return 0;
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
static int
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
			return ERR_PROTO;
	}
	if (size > 262144) {
		buf_printf(why, "annotations size %zu is larger than limit "
				"262144", size);
		return ERR_PROTO;
	}
	return 0;
}

int
config_proxy_check(const struct proxy_conf *p,
    const struct config_type *const *types, struct buf *why)
{
	const struct config_type *kind = find_type(types,
	    p->type ? p->type : "");
	const char *wrong = NULL;
	struct buf ports = { 0 };
	int r;

	if (!p->name)
		wrong = "name should not be empty";
	else if (p->problem)
		wrong = p->problem;
	else if (p->local_port < 0 || p->local_port > 65535)
		buf_printf(&ports, "localPort: localPort: port number %" PRId64
		    " must be in the range 0..65535", p->local_port);
	else if (check_annotations(&p->annotations, why) < 0)
		return ERR_PROTO;
	else if (!kind)
		buf_printf(&ports, is_later_type(p->type ? p->type : "") ?
		    "not supported yet: proxy type '%s'" :
		    "unknown proxy type: %s", p->type ? p->type : "");
	else
		config_check(kind->rows, p, &ports);
	if (buf_len(&ports))
		wrong = buf_text(&ports);
	else if (!wrong && kind && kind->check)
		wrong = kind->check(p);
	r = wrong ? ERR_PROTO : 0;
	if (wrong)
		buf_puts(why, wrong);
	buf_free(&ports);
	return r;
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
