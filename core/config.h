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

struct config_type; /* what a proxy type brings: its name, its rows */

/* A struct of zeroes becomes one with every default. */
void config_server_defaults(struct server_conf *c);
void config_client_defaults(struct client_conf *c);

/* What follows from other settings is filled in, and all is checked; may be
 * called again after a change.  0, or <0 and the reason. */
int config_server_complete(struct server_conf *c, struct buf *why);
int config_client_complete(struct client_conf *c,
    const struct config_type *const *types, struct buf *why);

/* Settings out of the text of a file: defaults, the file's keys, complete. */
int config_server(struct server_conf *c, const char *text, size_t n,
    const char *file, bool strict, char *const *env, struct buf *why);
int config_client(struct client_conf *c, const char *text, size_t n,
    const char *file, bool strict, char *const *env,
    const struct config_type *const *types, struct buf *why);

/* Gives back what is in it; zeroes remain. */
void config_server_release(struct server_conf *c);
void config_client_release(struct client_conf *c);

#endif
