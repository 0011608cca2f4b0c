/* Settings of frps and frpc, frp's own keys: structs, the rows that fill and
 * check them (config_rows.c, config_server.c, config_client.c). */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/ranges.h"
#include "core/strings.h"
#include "core/value.h"

struct log_conf {
	char *to, *level;
	int64_t max_days;
	bool no_color;
};

struct tls_files {
	char *cert, *key, *ca, *server_name, *pin;
};

struct auth_conf {
	char *method, *token, *token_file; /* token is read from the file */
	bool heartbeats, new_work_conns; /* additionalScopes */
};

struct server_conf {
	char *bind_addr, *proxy_bind_addr;
	int64_t bind_port;
	struct ranges allow_ports; /* empty: all */
	int64_t max_ports_per_client, user_conn_timeout;
	bool detailed_errors;
	struct auth_conf auth;
	int64_t max_pool_count;
	bool tcp_mux;
	int64_t tcp_mux_keepalive, tcp_keepalive, heartbeat_timeout;
	bool tls_force;
	struct tls_files tls;
	struct log_conf log;
};

struct proxy_conf {
	char *name, *type;
	bool enabled;
	char *local_ip;
	int64_t local_port, remote_port;
	struct pairs metas, annotations;
};

struct client_conf {
	char *user, *client_id, *server_addr;
	int64_t server_port;
	char *dns_server;
	bool login_fail_exit;
	struct strings start;
	struct pairs metas;
	struct auth_conf auth;
	int64_t dial_timeout, dial_keepalive;
	char *local_addr; /* transport.connectServerLocalIP */
	int64_t pool_count;
	bool tcp_mux;
	int64_t tcp_mux_keepalive, heartbeat_interval, heartbeat_timeout;
	bool tls_enable, tls_no_first_byte;
	struct tls_files tls;
	struct log_conf log;
	struct proxy_conf *proxies;
	size_t nproxies;
};

#endif
