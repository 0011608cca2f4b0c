/* Settings of frps and frpc under frp's own keys: structs, and the rows that
 * fill and check them.  No file is opened here: cmd/ reads them.
 *
 * Text that is not set is NULL, an empty one counts as not set, and a number
 * with a default counts as not set when it is 0; a default stands in all of
 * these once the settings are complete.
 *
 * Defaults that differ from frp's, so that a dead peer is noticed within half
 * a minute: tcpMuxKeepaliveInterval 15 (frp 30), tcpKeepalive and
 * dialServerKeepalive 15 (frp 7200), and without tcpMux heartbeatInterval 10
 * (frp 30) and the client's heartbeatTimeout 5/2 of the interval (frp 90).
 *
 * 'version' is accepted and has no use, as in frp; so has frps's
 * transport.tls.serverName, and what describes the web server as long as that
 * has no port.  Every other key either works or is refused when it asks for
 * what is not there.  transport.tls.pin, transport.tcpCongestion and stateDir
 * are ours. */
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
	char *method, *token, *token_file; /* tokenSource: cmd/ reads it */
	bool heartbeats, new_work_conns; /* additionalScopes */
};

struct server_conf {
	char *bind_addr, *proxy_bind_addr;
	int64_t bind_port;
	struct ranges allow_ports; /* empty: all */
	int64_t max_ports_per_client, user_conn_timeout;
	bool detailed_errors;
	struct auth_conf auth;
	int64_t max_pool_count, udp_packet_size;
	bool tcp_mux;
	int64_t tcp_mux_keepalive, tcp_keepalive, heartbeat_timeout;
	char *congestion;
	bool tls_force;
	struct tls_files tls;
	struct log_conf log;
	char *state_dir; /* for what outlives a restart; NULL: the usual one */
	char *problem; /* found while reading, for the check to say */
	char *notes;   /* and what is no error, a line each; or NULL */
};

struct plugin_conf { /* what serves, instead of a local port */
	char *type, *username, *password; /* type NULL: none */
	char *allow, *allow_remote; /* for allow_parse */
};

/* A proxy, or a visitor of one; each uses the part that its rows name. */
struct proxy_conf {
	char *name, *type;
	bool enabled;
	bool use_encryption, use_compression;
	char *secret_key;
	/* proxies */
	char *local_ip;
	int64_t local_port, remote_port;
	struct pairs metas, annotations;
	struct strings allow_users;
	struct plugin_conf plugin;
	/* visitors */
	char *server_user, *server_name, *bind_addr;
	int64_t bind_port; /* negative: no listener */
	char *problem;
};

struct proxies {
	struct proxy_conf *v;
	size_t n;
};

struct client_conf {
	char *user, *client_id, *server_addr;
	int64_t server_port;
	char *dns_server;
	bool login_fail_exit;
	bool login_refused_exit; /* no setting: a first login that the server
				    refuses is final */
	bool hold_key; /* no setting: the first key that the server shows is
			  the only one it may have from then on */
	bool patient; /* no setting: waits between attempts grow up to a
			 minute, not only to two seconds */
	struct strings start;
	struct pairs metas;
	struct auth_conf auth;
	char *protocol; /* tcp, websocket, wss */
	char *proxy_url; /* as it was written; NULL: none */
	bool proxy_from_env; /* it is the variable http_proxy */
	int64_t dial_timeout, dial_keepalive;
	char *local_addr; /* transport.connectServerLocalIP */
	char *congestion;
	int64_t pool_count, udp_packet_size;
	bool tcp_mux;
	int64_t tcp_mux_keepalive, heartbeat_interval, heartbeat_timeout;
	bool tls_enable, tls_no_first_byte;
	struct tls_files tls;
	struct log_conf log;
	struct strings includes; /* globs: cmd/ reads the files they name */
	struct proxies proxies, visitors;
	char *problem, *notes;
};

enum config_kind {
	CONFIG_STR,
	CONFIG_INT,
	CONFIG_PORT, /* an INT, checked to be 0..65535 */
	CONFIG_PACKET, /* an INT, checked to be 1..65507, as fits into UDP */
	CONFIG_BOOL,
	CONFIG_PINS, /* a STR, also written as a list; see crypto/pins.h */
	CONFIG_STRS,
	CONFIG_PAIRS,
	CONFIG_RANGES, /* list of { start, end } or { single } */
	CONFIG_SCOPES, /* auth.additionalScopes, into struct auth_conf */
	CONFIG_SOURCE, /* auth.tokenSource, into struct auth_conf */
	CONFIG_PROXIES, /* into struct proxies, and so CONFIG_VISITORS */
	CONFIG_VISITORS,
	CONFIG_PLUGIN, /* into struct plugin_conf */
	CONFIG_LIST,   /* only for later */
	CONFIG_OBJECT, /* only for later */
};

enum config_holds {
	CONFIG_PLAIN,
	CONFIG_PATH,
	CONFIG_GUARD, /* a secret, or what says who is trusted */
};

#define CONFIG_UNUSED ((size_t)-1) /* an offset: accepted, kept nowhere */

struct config_row {
	const char *path; /* NULL ends the rows; in any case, dots nest */
	enum config_kind kind;
	size_t offset;	     /* in the struct that is filled */
	const char *text;    /* default of a STR */
	int64_t number;	     /* default of INT, PORT, PACKET, BOOL */
	const char *invalid; /* STR: the error when it is none of the words
				between its [ ] */
	const char *later;   /* a feature that is not there: only the default
				is accepted; this names it */
	enum config_holds holds;
	const char *words;   /* with later and invalid: the words between its
				[ ] are there, beside the default */
};

/* A type of proxies or visitors: its own rows go into struct proxy_conf; check
 * gives the reason for which one cannot be, or NULL, and may itself be NULL. */
struct config_type {
	const char *name;
	const struct config_row *rows;
	const char *(*check)(const struct proxy_conf *p);
};

const struct config_row *config_server_rows(void);
const struct config_row *config_client_rows(void);
/* Common to all types of proxies, and of visitors. */
const struct config_row *config_proxy_rows(void);
const struct config_row *config_visitor_rows(void);

/* Rows that several types have. */
#define CONFIG_REMOTE_PORT_ROWS                                 \
	{ .path = "remotePort", .kind = CONFIG_PORT,            \
	  .offset = offsetof(struct proxy_conf, remote_port) }
#define CONFIG_SECRET_ROWS                                      \
	{ .path = "secretKey", .kind = CONFIG_STR,              \
	  .offset = offsetof(struct proxy_conf, secret_key),    \
	  .holds = CONFIG_GUARD },                              \
	{ .path = "allowUsers", .kind = CONFIG_STRS,            \
	  .offset = offsetof(struct proxy_conf, allow_users) }

struct config_types { /* each NULL-ended, or NULL */
	const struct config_type *const *proxies, *const *visitors;
};

/* Where a text comes from, and how it is to be read. */
struct config_source {
	const char *text;
	size_t n;
	const char *file;  /* for errors, and what its ending says */
	bool strict;	   /* unknown keys are errors */
	char *const *env;  /* NAME=value, NULL-ended, for {{ .Envs.NAME }};
			      http_proxy is the default of proxyURL */
	const struct config_types *types; /* frpc only */
};

/* These return 0, or ERR_PROTO with the reasons, a line each, in why. */

/* All in one: c is set up, read, completed and checked.  To be released in
 * any case. */
int config_server(struct server_conf *c, const struct config_source *from,
    struct buf *why);
/* The parts, for settings that come from flags. */
void config_server_defaults(struct server_conf *c); /* c holds nothing */
void config_server_complete(struct server_conf *c);
int config_server_check(const struct server_conf *c, struct buf *why);
void config_server_release(struct server_conf *c);

/* All in one, for a file that includes no others. */
int config_client(struct client_conf *c, const struct config_source *from,
    struct buf *why);
/* The parts: read the file, add what it includes, finish (start, enabled,
 * defaults, checks). */
int config_client_read(struct client_conf *c, const struct config_source *from,
    struct buf *why);
int config_client_add(struct client_conf *c, const struct config_source *from,
    struct buf *why);
int config_client_finish(struct client_conf *c,
    const struct config_types *types, struct buf *why);
/* For settings that come from flags. */
void config_client_defaults(struct client_conf *c);
void config_client_complete(struct client_conf *c);
int config_client_check(const struct client_conf *c, struct buf *why);
/* What is set but has no effect, and other notes, a line each. */
void config_client_warn(const struct client_conf *c, struct buf *to);
void config_client_release(struct client_conf *c);

void config_proxy_complete(struct proxy_conf *p,
    const struct config_types *types);
void config_visitor_complete(struct proxy_conf *v,
    const struct config_types *types);
/* Without the words 'proxy NAME: ' in front. */
int config_proxy_check(const struct proxy_conf *p,
    const struct config_types *types, struct buf *why);
int config_visitor_check(const struct proxy_conf *v,
    const struct config_types *types, struct buf *why);
void config_proxy_release(struct proxy_conf *p); /* or a visitor */
/* As the server knows it: with the user in front.  Taken by the caller. */
char *config_full_name(const struct client_conf *c, const char *name);
/* The proxy that is visited, as the server knows it; taken by the caller. */
char *config_visitor_target(const struct client_conf *c,
    const struct proxy_conf *v);

/* Whether a key of the server stands for the same in both. */
bool config_same(const struct config_row *row, const void *one,
    const void *two);

/* "1000-2000,3000", as --allow_ports has it. */
int config_ranges(struct ranges *r, const char *text, struct buf *why);

#endif
