// SPDX-License-Identifier: MIT
/* frpc: its keys, and what is special about some of them. */
#include "core/config_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/map.h"
#include "core/mem.h"

#define AT(field) .offset = offsetof(struct client_conf, field)
#define OIDC(key, kind) \
	CONFIG_LATER("auth.oidc." key, kind, "OpenID Connect", .text = NULL)

static const struct config_row rows[] = {
	CONFIG_UNUSED_ROW("version", CONFIG_STR),
	{ "user", CONFIG_STR, AT(user) },
	{ "clientID", CONFIG_STR, AT(client_id) },
	{ "serverAddr", CONFIG_STR, AT(server_addr), .text = "0.0.0.0" },
	{ "serverPort", CONFIG_PORT, AT(server_port), .number = 7000 },
	{ "dnsServer", CONFIG_STR, AT(dns_server) },
	{ "loginFailExit", CONFIG_BOOL, AT(login_fail_exit), .number = true },
	{ "start", CONFIG_STRS, AT(start) },
	{ "includes", CONFIG_STRS, AT(includes), .holds = CONFIG_PATH },
	{ "metadatas", CONFIG_PAIRS, AT(metas) },
	CONFIG_AUTH_ROWS(client_conf),
	{ "transport.dialServerTimeout", CONFIG_INT, AT(dial_timeout),
	    .number = 10 },
	{ "transport.dialServerKeepalive", CONFIG_INT, AT(dial_keepalive),
	    .number = 15 },
	{ "transport.connectServerLocalIP", CONFIG_STR, AT(local_addr) },
	{ "transport.poolCount", CONFIG_INT, AT(pool_count), .number = 1 },
	{ "transport.tcpMux", CONFIG_BOOL, AT(tcp_mux), .number = true },
	{ "transport.tcpMuxKeepaliveInterval", CONFIG_INT,
	    AT(tcp_mux_keepalive), .number = 15 },
	{ "transport.heartbeatInterval", CONFIG_INT, AT(heartbeat_interval) },
	{ "transport.heartbeatTimeout", CONFIG_INT, AT(heartbeat_timeout) },
	{ "transport.tls.enable", CONFIG_BOOL, AT(tls_enable),
	    .number = true },
	{ "transport.tls.disableCustomTLSFirstByte", CONFIG_BOOL,
	    AT(tls_no_first_byte), .number = true },
	{ "transport.tcpCongestion", CONFIG_STR, AT(congestion),
	    .text = "auto" },
	CONFIG_TLS_ROWS(client_conf),
	{ "transport.tls.serverName", CONFIG_STR, AT(tls.server_name) },
	{ "transport.tls.pin", CONFIG_PINS, AT(tls.pin),
	    .holds = CONFIG_GUARD },
	CONFIG_LOG_ROWS(client_conf),
	{ "proxies", CONFIG_PROXIES, AT(proxies) },
	{ "visitors", CONFIG_VISITORS, AT(visitors) },
	CONFIG_UDP_ROWS(client_conf),
	{ "transport.protocol", CONFIG_STR, AT(protocol), .text = "tcp",
	    .invalid = "invalid transport.protocol, optional values are "
		       "[tcp kcp quic websocket wss]",
	    .later = "the KCP and QUIC transports",
	    .words = "[websocket wss]" },
	{ "transport.proxyURL", CONFIG_STR, AT(proxy_url) },
	CONFIG_WEB_ROWS,
	CONFIG_QUIC_ROWS,
	CONFIG_LATER("transport.wireProtocol", CONFIG_STR,
	    "the second wire protocol", .text = "v1",
	    .invalid = "invalid transport.wireProtocol, optional values are "
		       "[v1 v2]"),
	CONFIG_LATER("natHoleStunServer", CONFIG_STR, "proxies of type xtcp",
	    .text = "stun.easyvoip.com:3478"),
	CONFIG_LATER("featureGates", CONFIG_OBJECT, "feature gates",
	    .text = NULL),
	CONFIG_LATER("virtualNet.address", CONFIG_STR, "virtual networks",
	    .text = NULL),
	CONFIG_LATER("store.path", CONFIG_STR, "the store", .text = NULL),
	OIDC("clientID", CONFIG_STR),
	OIDC("clientSecret", CONFIG_STR),
	OIDC("audience", CONFIG_STR),
	OIDC("scope", CONFIG_STR),
	OIDC("tokenEndpointURL", CONFIG_STR),
	OIDC("additionalEndpointParams", CONFIG_OBJECT),
	OIDC("trustedCaFile", CONFIG_STR),
	OIDC("insecureSkipVerify", CONFIG_BOOL),
	OIDC("proxyURL", CONFIG_STR),
	OIDC("tokenSource", CONFIG_OBJECT),
	{ 0 }
};

const struct config_row *
config_client_rows(void)
{
	return rows;
}

void
config_client_defaults(struct client_conf *c)
{
	*c = (struct client_conf){ 0 };
	config_set_defaults(rows, c);
}

void
config_client_complete(struct client_conf *c)
{
	int64_t interval;

	config_complete(rows, c);
	if (c->heartbeat_interval == 0)
		c->heartbeat_interval = c->tcp_mux ? -1 : 10;
	interval = c->heartbeat_interval > 0 ? c->heartbeat_interval : 10;
	if (c->heartbeat_timeout == 0)
		c->heartbeat_timeout = c->tcp_mux ? -1 : interval * 5 / 2;
}

int
config_client_check(const struct client_conf *c, struct buf *why)
{
	struct buf problems = { 0 };
	int r;

	config_lines(&problems, c->problem);
	config_check(rows, c, &problems);
	config_check_auth(&c->auth, &problems);
	if (c->heartbeat_timeout > 0 && c->heartbeat_interval > 0 &&
	    c->heartbeat_timeout < c->heartbeat_interval)
		config_problem(&problems, "invalid transport.heartbeatTimeout, "
		    "heartbeat timeout should not less than heartbeat "
		    "interval");
	r = buf_len(&problems) ? ERR_PROTO : 0;
	buf_put(why, buf_peek(&problems), buf_len(&problems));
	buf_free(&problems);
	return r;
}

void
config_client_warn(const struct client_conf *c, struct buf *to)
{
	static const char text[] = "transport.tls.%s is invalid when "
				   "transport.tls.enable is false";

	config_lines(to, c->notes);
	if (c->tls_enable)
		return;
	if (c->tls.cert)
		config_problem(to, text, "certFile");
	if (c->tls.key)
		config_problem(to, text, "keyFile");
	if (c->tls.ca)
		config_problem(to, text, "trustedCaFile");
}

void
config_client_release(struct client_conf *c)
{
	config_release(rows, c);
	free(c->problem);
	free(c->notes);
	*c = (struct client_conf){ 0 };
}

/* Of all settings this one may also come from the environment. */
static void
set_proxy_url(struct client_conf *c, char *const *env)
{
	static const char name[] = "http_proxy=";

	if (c->proxy_url && *c->proxy_url)
		return;
	for (; env && *env; env++) {
		if (strncmp(*env, name, sizeof(name) - 1) != 0)
			continue;
		mem_free_secret(c->proxy_url);
		c->proxy_url = mem_dup(*env + sizeof(name) - 1);
		c->proxy_from_env = true;
		return;
	}
}

static int
read_into(struct client_conf *c, const struct config_source *from,
    struct buf *problems, struct buf *why)
{
	struct template_gaps gaps = { 0 };
	struct buf first = { 0 }, notes = { 0 };
	struct config_reader r = { .from = from, .name = "ClientConfig",
		.inside = "", .rows = rows, .top = rows, .to = c,
		.problems = problems, .notes = &notes, .gaps = &gaps,
		.why = &first };
	struct value *tree;
	bool json = false;
	int err = ERR_PROTO;

	config_client_defaults(c);
	tree = config_parse(from, &json, &gaps, why);
	r.real_ints = !json;
	if (tree)
		err = config_top(&r, tree);
	value_free(tree);
	template_gaps_release(&gaps);
	c->notes = config_take_text(&notes);
	buf_put(why, buf_peek(&first), buf_len(&first));
	buf_free(&first);
	return err;
}

int
config_client_read(struct client_conf *c, const struct config_source *from,
    struct buf *why)
{
	struct buf problems = { 0 };
	int r = read_into(c, from, &problems, why);

	set_proxy_url(c, from->env);
	c->problem = config_take_text(&problems);
	return r;
}

static void
move_items(struct proxies *to, struct proxies *from)
{
	if (!from->n)
		return;
	to->v = mem_grow(to->v, (to->n + from->n) * sizeof(*to->v));
	memcpy(to->v + to->n, from->v, from->n * sizeof(*to->v));
	to->n += from->n;
	from->n = 0;
}

static void
add_notes(struct client_conf *c, const char *more)
{
	struct buf all = { 0 };

	config_lines(&all, c->notes);
	config_lines(&all, more);
	free(c->notes);
	c->notes = config_take_text(&all);
}

/* Of an included file only proxies and visitors count; the rest must be
 * right, too, but has no effect. */
int
config_client_add(struct client_conf *c, const struct config_source *from,
    struct buf *why)
{
	struct buf ignored = { 0 };
	struct client_conf added;
	int r = read_into(&added, from, &ignored, why);

	buf_free(&ignored);
	if (r == 0) {
		move_items(&c->proxies, &added.proxies);
		move_items(&c->visitors, &added.visitors);
		add_notes(c, added.notes);
	}
	config_client_release(&added);
	return r;
}

static bool
wanted(const struct client_conf *c, const struct proxy_conf *p)
{
	size_t i;

	if (!p->enabled)
		return false;
	for (i = 0; i < c->start.n; i++)
		if (p->name && strcmp(c->start.v[i], p->name) == 0)
			return true;
	return c->start.n == 0;
}

static const struct config_item *const items[] = { &config_proxy_item,
	&config_visitor_item };
#define ITEMS (sizeof(items) / sizeof(*items))

static struct proxies *
list_of(struct client_conf *c, const struct config_item *item)
{
	return (struct proxies *)((char *)c + item->at);
}

static void
filter(struct client_conf *c, const struct config_item *item,
    const struct config_types *types)
{
	struct proxies *list = list_of(c, item);
	size_t i, kept = 0;

	for (i = 0; i < list->n; i++) {
		if (!wanted(c, &list->v[i])) {
			config_proxy_release(&list->v[i]);
			continue;
		}
		config_item_complete(item, &list->v[i], types);
		list->v[kept++] = list->v[i];
	}
	list->n = kept;
}

static int
check_items(const struct proxies *list, const struct config_item *item,
    const struct config_types *types, struct buf *why)
{
	struct map names = { 0 };
	struct buf what = { 0 };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->n; i++) {
		struct proxy_conf *p = &list->v[i];

		r = config_item_check(item, p, types, &what);
		if (r < 0)
			config_problem(why, "%s %s: %s", item->word,
			    p->name ? p->name : "", buf_text(&what));
		else if (map_str(&names, p->name)) {
			r = ERR_PROTO;
			config_problem(why, "%s name [%s] is duplicated",
			    item->word, p->name);
		} else {
			map_str_set(&names, p->name, p);
		}
	}
	map_free(&names);
	buf_free(&what);
	return r;
}

int
config_client_finish(struct client_conf *c,
    const struct config_types *types, struct buf *why)
{
	size_t i;
	int r;

	config_client_complete(c);
	for (i = 0; i < ITEMS; i++)
		filter(c, items[i], types);
	r = config_client_check(c, why);
	for (i = 0; r == 0 && i < ITEMS; i++)
		r = check_items(list_of(c, items[i]), items[i], types, why);
	return r;
}

int
config_client(struct client_conf *c, const struct config_source *from,
    struct buf *why)
{
	int r = config_client_read(c, from, why);

	return r < 0 ? r : config_client_finish(c, from->types, why);
}
