/* What the files that read settings share; nobody else includes it.
 * config_text.c makes a tree of a text, config_rows.c puts a tree into a
 * struct by rows, config_set.c one value into its place, config_hint.c guesses
 * what was meant; config_server.c, _client.c and _proxy.c have the rows. */
#ifndef CORE_CONFIG_READ_H
#define CORE_CONFIG_READ_H

#include "core/config.h"

struct config_reader {
	const struct config_source *from;
	const char *name;   /* ServerConfig, as frp's errors call it */
	const char *inside; /* what frp's errors have in front */
	const struct config_row *rows, *more; /* more: may be NULL */
	const struct config_row *top; /* a key may belong there: the hint */
	void *to;
	struct buf *problems; /* for the check to say */
	struct buf *why;
	bool real_ints; /* 7001.0 is an integer: in TOML, not in JSON */
	struct client_conf *client; /* for CONFIG_PROXIES */
};

/* config_text.c */
struct value *config_parse(const struct config_source *from, bool *json,
    struct buf *why);

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

/* config_proxy.c */
int config_proxies(struct config_reader *r, const struct value *list);

/* config_hint.c: " (did you mean …)" and the like, or nothing. */
void config_hint(const struct config_reader *r, const char *path,
    struct buf *to);

#define CONFIG_LOG_ROWS(s)                                                   \
	{ .path = "log.to", .offset = offsetof(struct s, log.to),            \
	  .text = "console" },                                               \
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
	{ .path = "auth.token", .offset = offsetof(struct s, auth.token) },  \
	{ .path = "auth.tokenSource", .kind = CONFIG_SOURCE,                 \
	  .offset = offsetof(struct s, auth) }

#define CONFIG_TLS_ROWS(s)                                                   \
	{ .path = "transport.tls.certFile",                                  \
	  .offset = offsetof(struct s, tls.cert) },                          \
	{ .path = "transport.tls.keyFile",                                   \
	  .offset = offsetof(struct s, tls.key) },                           \
	{ .path = "transport.tls.trustedCaFile",                             \
	  .offset = offsetof(struct s, tls.ca) }

#define CONFIG_LATER(path_, kind_, why_, ...)                                \
	{ .path = path_, .kind = kind_, .offset = CONFIG_UNUSED,             \
	  .later = why_, __VA_ARGS__ }

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
