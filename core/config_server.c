// SPDX-License-Identifier: MIT
/* frps: its keys, and what is special about some of them. */
#include "core/config_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"

#define AT(field) .offset = offsetof(struct server_conf, field)

static const struct config_row rows[] = {
	CONFIG_UNUSED_ROW("version", CONFIG_STR),
	{ "bindAddr", CONFIG_STR, AT(bind_addr), .text = "0.0.0.0" },
	{ "bindPort", CONFIG_PORT, AT(bind_port), .number = 7000 },
	{ "proxyBindAddr", CONFIG_STR, AT(proxy_bind_addr) },
	{ "allowPorts", CONFIG_RANGES, AT(allow_ports) },
	{ "maxPortsPerClient", CONFIG_INT, AT(max_ports_per_client) },
	{ "userConnTimeout", CONFIG_INT, AT(user_conn_timeout), .number = 10 },
	{ "detailedErrorsToClient", CONFIG_BOOL, AT(detailed_errors),
	    .number = true },
	CONFIG_UDP_ROWS(server_conf),
	CONFIG_AUTH_ROWS(server_conf),
	{ "transport.maxPoolCount", CONFIG_INT, AT(max_pool_count),
	    .number = 5 },
	{ "transport.tcpMux", CONFIG_BOOL, AT(tcp_mux), .number = true },
	{ "transport.tcpMuxKeepaliveInterval", CONFIG_INT,
	    AT(tcp_mux_keepalive), .number = 15 },
	{ "transport.tcpKeepalive", CONFIG_INT, AT(tcp_keepalive),
	    .number = 15 },
	{ "transport.heartbeatTimeout", CONFIG_INT, AT(heartbeat_timeout) },
	{ "transport.tls.force", CONFIG_BOOL, AT(tls_force) },
	{ "transport.tcpCongestion", CONFIG_STR, AT(congestion),
	    .text = "auto" },
	CONFIG_TLS_ROWS(server_conf),
	CONFIG_UNUSED_ROW("transport.tls.serverName", CONFIG_STR),
	CONFIG_LOG_ROWS(server_conf),
	{ "stateDir", CONFIG_STR, AT(state_dir), .holds = CONFIG_PATH },
	CONFIG_WEB_ROWS,
	CONFIG_QUIC_ROWS,
	CONFIG_LATER("kcpBindPort", CONFIG_PORT, "the KCP transport",
	    .number = 0),
	CONFIG_LATER("quicBindPort", CONFIG_PORT, "the QUIC transport",
	    .number = 0),
	CONFIG_LATER("vhostHTTPPort", CONFIG_PORT, "proxies of type http",
	    .number = 0),
	CONFIG_LATER("vhostHTTPSPort", CONFIG_PORT, "proxies of type https",
	    .number = 0),
	CONFIG_LATER("vhostHTTPTimeout", CONFIG_INT, "proxies of type http",
	    .number = 60),
	CONFIG_LATER("tcpmuxHTTPConnectPort", CONFIG_PORT,
	    "proxies of type tcpmux", .number = 0),
	CONFIG_LATER("tcpmuxPassthrough", CONFIG_BOOL,
	    "proxies of type tcpmux", .number = false),
	CONFIG_LATER("subDomainHost", CONFIG_STR, "proxies of type http",
	    .text = NULL),
	CONFIG_LATER("custom404Page", CONFIG_STR, "proxies of type http",
	    .text = NULL),
	CONFIG_LATER("natholeAnalysisDataReserveHours", CONFIG_INT,
	    "proxies of type xtcp", .number = 168),
	CONFIG_LATER("enablePrometheus", CONFIG_BOOL, "the web server",
	    .number = false),
	CONFIG_LATER("auth.oidc.issuer", CONFIG_STR, "OpenID Connect",
	    .text = NULL),
	CONFIG_LATER("auth.oidc.audience", CONFIG_STR, "OpenID Connect",
	    .text = NULL),
	CONFIG_LATER("auth.oidc.skipExpiryCheck", CONFIG_BOOL,
	    "OpenID Connect", .number = false),
	CONFIG_LATER("auth.oidc.skipIssuerCheck", CONFIG_BOOL,
	    "OpenID Connect", .number = false),
	CONFIG_LATER("sshTunnelGateway.bindPort", CONFIG_PORT,
	    "the SSH gateway", .number = 0),
	CONFIG_LATER("sshTunnelGateway.privateKeyFile", CONFIG_STR,
	    "the SSH gateway", .text = NULL),
	CONFIG_LATER("sshTunnelGateway.autoGenPrivateKeyPath", CONFIG_STR,
	    "the SSH gateway", .text = "./.autogen_ssh_key"),
	CONFIG_LATER("sshTunnelGateway.authorizedKeysFile", CONFIG_STR,
	    "the SSH gateway", .text = NULL),
	CONFIG_LATER("httpPlugins", CONFIG_LIST, "server plugins",
	    .text = NULL),
	{ 0 }
};

const struct config_row *
config_server_rows(void)
{
	return rows;
}

void
config_server_defaults(struct server_conf *c)
{
	*c = (struct server_conf){ 0 };
	config_set_defaults(rows, c);
}

void
config_server_complete(struct server_conf *c)
{
	config_complete(rows, c);
	if (!c->proxy_bind_addr)
		c->proxy_bind_addr = mem_dup(c->bind_addr);
	if (c->heartbeat_timeout == 0)
		c->heartbeat_timeout = c->tcp_mux ? -1 : 90;
	if (c->tls.ca)
		c->tls_force = true; /* who must show a certificate needs TLS */
}

int
config_server_check(const struct server_conf *c, struct buf *why)
{
	struct buf problems = { 0 };
	int r;

	config_lines(&problems, c->problem);
	config_check(rows, c, &problems);
	config_check_auth(&c->auth, &problems);
	r = buf_len(&problems) ? ERR_PROTO : 0;
	buf_put(why, buf_peek(&problems), buf_len(&problems));
	buf_free(&problems);
	return r;
}

void
config_server_release(struct server_conf *c)
{
	config_release(rows, c);
	free(c->problem);
	free(c->notes);
	*c = (struct server_conf){ 0 };
}

int
config_server(struct server_conf *c, const struct config_source *from,
    struct buf *why)
{
	struct template_gaps gaps = { 0 };
	struct buf problems = { 0 }, notes = { 0 }, first = { 0 };
	struct config_reader r = { .from = from, .name = "ServerConfig",
		.inside = "", .rows = rows, .top = rows, .to = c,
		.problems = &problems, .notes = &notes, .gaps = &gaps,
		.why = &first };
	struct value *tree;
	int err = ERR_PROTO;
	bool json = false;

	config_server_defaults(c);
	tree = config_parse(from, &json, &gaps, why);
	r.real_ints = !json;
	if (tree)
		err = config_top(&r, tree);
	value_free(tree);
	c->problem = config_take_text(&problems);
	c->notes = config_take_text(&notes);
	template_gaps_release(&gaps);
	buf_put(why, buf_peek(&first), buf_len(&first));
	buf_free(&first);
	if (err < 0)
		return err;
	config_server_complete(c);
	return config_server_check(c, why);
}
