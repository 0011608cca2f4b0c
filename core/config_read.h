/* What the files that read settings share; nobody else includes it.
 * config_text.c makes a tree of a text, config_rows.c puts a tree into a
 * struct by rows, config_set.c one value into its place, config_gaps.c looks
 * for variables that are not set, config_hint.c guesses
 * what was meant; config_server.c, _client.c, _proxy.c, _visitor.c and
 * _plugin.c have the rows, config_item.c is what proxies and visitors share. */
#ifndef CORE_CONFIG_READ_H
#define CORE_CONFIG_READ_H

#include "core/config.h"
#include "core/template.h"

struct config_reader {
	const struct config_source *from;
	const char *name;   /* ServerConfig, as frp's errors call it */
	const char *inside; /* what frp's errors have in front */
	const struct config_row *rows, *more; /* more: may be NULL */
	const struct config_row *top; /* a key may belong there: the hint */
	void *to;
	struct buf *problems; /* for the check to say */
	struct buf *notes;    /* what is no error, but people must know */
	struct template_gaps *gaps;
	struct buf *why;
	bool real_ints; /* 7001.0 is an integer: in TOML, not in JSON */
};

/* Proxies and visitors are read by the same code; this is what differs. */
struct config_item {
	const char *word, *key;	 /* proxy, proxies */
	const char *name, *list; /* their types in frp's errors */
	const char *inside;
	const char *nameless; /* the error when there is no name */
	const char *known;    /* the types that frp has, between [ ] */
	size_t types;	      /* those that are there, in config_types */
	size_t at;	      /* struct proxies in struct client_conf */
	const struct config_row *rows;
	/* of the common rows, says what is wrong */
	void (*check)(const struct proxy_conf *p, struct buf *why);
};

/* config_text.c */
struct value *config_parse(const struct config_source *from, bool *json,
    struct template_gaps *gaps, struct buf *why);

/* config_gaps.c: a variable that is not set is an error in what guards, or is
 * a path, and a note elsewhere; one that is empty is an error in what guards. */
void config_gaps(struct config_reader *r, const struct config_row *row,
    const struct value *v);
/* "; the environment variable 'X' is not set", if there is one. */
void config_put_unset(const struct template_gaps *g, struct buf *to);

/* config_rows.c */
int config_top(struct config_reader *r, const struct value *tree);
int config_walk(struct config_reader *r, const struct value *table,
    const char *prefix);
int config_fail(struct config_reader *r, const struct value *v,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int config_type_error(struct config_reader *r, const struct value *v,
    const char *path, const char *type);
int config_unknown(struct config_reader *r, const struct value *v,
    const char *path);
void config_problem(struct buf *to, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void config_lines(struct buf *to, const char *lines); /* more; or NULL */
void config_set_defaults(const struct config_row *rows, void *to); /* bools */
void config_complete(const struct config_row *rows, void *to);
void config_check(const struct config_row *rows, const void *of,
    struct buf *problems);
void config_release(const struct config_row *rows, void *of);
char *config_take_text(struct buf *b); /* NULL when empty; b is freed */

/* config_set.c */
int config_set(struct config_reader *r, const struct config_row *row,
    const struct value *v);
int config_int(struct config_reader *r, const struct value *v,
    const char *path, int64_t *to);
int config_str(struct config_reader *r, const struct value *v,
    const char *path, char **to);
bool config_is_choice(const char *invalid, const char *word);
void config_strings_release(struct strings *s);
void config_pairs_release(struct pairs *p);

/* config_source.c */
int config_token_source(struct config_reader *r, const struct value *v,
    const char *path, struct auth_conf *a);
void config_check_auth(const struct auth_conf *a, struct buf *problems);

/* config_item.c */
extern const struct config_item config_proxy_item, config_visitor_item;
int config_items(struct config_reader *r, const struct config_item *item,
    const struct value *list, struct proxies *to);
void config_items_release(struct proxies *list);
void config_item_complete(const struct config_item *item,
    struct proxy_conf *p, const struct config_types *types);
int config_item_check(const struct config_item *item,
    const struct proxy_conf *p, const struct config_types *types,
    struct buf *why);

/* config_plugin.c */
int config_plugin(struct config_reader *r, const struct value *v,
    struct plugin_conf *to);
void config_plugin_complete(struct plugin_conf *p);
void config_plugin_check(const struct proxy_conf *p, struct buf *why);
void config_plugin_release(struct plugin_conf *p);

/* config_hint.c: " (did you mean …)" and the like, or nothing. */
void config_hint(const struct config_reader *r, const char *path,
    struct buf *to);

#define CONFIG_LOG_ROWS(s)                                                   \
	{ .path = "log.to", .offset = offsetof(struct s, log.to),            \
	  .text = "console", .holds = CONFIG_PATH },                         \
	{ .path = "log.level", .offset = offsetof(struct s, log.level),      \
	  .text = "info", .invalid = "invalid log level, optional values "   \
				     "are [trace debug info warn error]" },  \
	{ .path = "log.maxDays", .kind = CONFIG_INT,                         \
	  .offset = offsetof(struct s, log.max_days), .number = 3 },         \
	{ .path = "log.disablePrintColor", .kind = CONFIG_BOOL,              \
	  .offset = offsetof(struct s, log.no_color) }

#define CONFIG_AUTH_ROWS(s)                                                  \
	{ .path = "auth.method", .offset = offsetof(struct s, auth.method),  \
	  .text = "token", .invalid = "invalid auth method, optional "       \
				      "values are [token oidc]",             \
	  .later = "OpenID Connect" },                                       \
	{ .path = "auth.additionalScopes", .kind = CONFIG_SCOPES,            \
	  .offset = offsetof(struct s, auth) },                              \
	{ .path = "auth.token", .offset = offsetof(struct s, auth.token),    \
	  .holds = CONFIG_GUARD },                                           \
	{ .path = "auth.tokenSource", .kind = CONFIG_SOURCE,                 \
	  .offset = offsetof(struct s, auth), .holds = CONFIG_GUARD }

#define CONFIG_TLS_ROWS(s)                                                   \
	{ .path = "transport.tls.certFile",                                  \
	  .offset = offsetof(struct s, tls.cert), .holds = CONFIG_GUARD },   \
	{ .path = "transport.tls.keyFile",                                   \
	  .offset = offsetof(struct s, tls.key), .holds = CONFIG_GUARD },    \
	{ .path = "transport.tls.trustedCaFile",                             \
	  .offset = offsetof(struct s, tls.ca), .holds = CONFIG_GUARD }

#define CONFIG_LATER(path_, kind_, why_, ...)                                \
	{ .path = path_, .kind = kind_, .offset = CONFIG_UNUSED,             \
	  .later = why_, __VA_ARGS__ }

#define CONFIG_UDP_ROWS(s)                                                   \
	{ .path = "udpPacketSize", .kind = CONFIG_PACKET,                    \
	  .offset = offsetof(struct s, udp_packet_size), .number = 1500 }

/* Of proxies and of visitors. */
#define CONFIG_ITEM_ROWS                                                     \
	{ .path = "name", .offset = offsetof(struct proxy_conf, name) },     \
	{ .path = "type", .offset = offsetof(struct proxy_conf, type) },     \
	{ .path = "enabled", .kind = CONFIG_BOOL,                            \
	  .offset = offsetof(struct proxy_conf, enabled), .number = true },  \
	{ .path = "transport.useEncryption", .kind = CONFIG_BOOL,            \
	  .offset = offsetof(struct proxy_conf, use_encryption) },           \
	{ .path = "transport.useCompression", .kind = CONFIG_BOOL,           \
	  .offset = offsetof(struct proxy_conf, use_compression) }

#define CONFIG_QUIC_ROWS                                                     \
	CONFIG_LATER("transport.quic.keepalivePeriod", CONFIG_INT,           \
	    "the QUIC transport", .number = 10),                             \
	CONFIG_LATER("transport.quic.maxIdleTimeout", CONFIG_INT,            \
	    "the QUIC transport", .number = 30),                             \
	CONFIG_LATER("transport.quic.maxIncomingStreams", CONFIG_INT,        \
	    "the QUIC transport", .number = 100000)

#define CONFIG_UNUSED_ROW(path_, kind_)                                      \
	{ .path = path_, .kind = kind_, .offset = CONFIG_UNUSED }

/* Only the port makes a web server; the rest describes it. */
#define CONFIG_WEB_ROWS                                                      \
	CONFIG_LATER("webServer.port", CONFIG_PORT, "the web server",        \
	    .number = 0),                                                    \
	CONFIG_UNUSED_ROW("webServer.addr", CONFIG_STR),                     \
	CONFIG_UNUSED_ROW("webServer.user", CONFIG_STR),                     \
	CONFIG_UNUSED_ROW("webServer.password", CONFIG_STR),                 \
	CONFIG_UNUSED_ROW("webServer.assetsDir", CONFIG_STR),                \
	CONFIG_UNUSED_ROW("webServer.pprofEnable", CONFIG_BOOL),             \
	CONFIG_UNUSED_ROW("webServer.tls.certFile", CONFIG_STR),             \
	CONFIG_UNUSED_ROW("webServer.tls.keyFile", CONFIG_STR),              \
	CONFIG_UNUSED_ROW("webServer.tls.trustedCaFile", CONFIG_STR),        \
	CONFIG_UNUSED_ROW("webServer.tls.serverName", CONFIG_STR)

#endif
