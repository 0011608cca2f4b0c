/* What the files of the client applet share. */
#ifndef CMD_FRPC_H
#define CMD_FRPC_H

#include "cmd/applet.h"
#include "core/config.h"
#include "net/token_file.h"

struct frpc_opts {
	char *config;
	bool version, strict;
	struct client_conf conf;  /* of the file, or of a one-line form */
	struct proxy_conf proxy;  /* of a one-line form; or its visitor */
	int64_t api_timeout;	  /* for commands to come */
	char *worker, *worker_ip, *worker_name, *worker_token_file;
	int64_t worker_port;
	struct token_file tokens;
	char *offer_server, *offer_secret_file, *offer_allow,
	    *offer_allow_remote;
};

#define FRPC_AT(field) offsetof(struct frpc_opts, field)

extern const struct opt frpc_global_opts[];
extern const struct opt frpc_worker_opts[];
extern const struct opt frpc_link_opts[];
extern const struct opt frpc_proxy_opts[];
extern const struct opt frpc_port_opts[];   /* beside proxy_opts */
extern const struct opt frpc_secret_opts[]; /* beside proxy_opts */
extern const struct opt frpc_visitor_opts[];
extern const struct opt frpc_offer_opts[]; /* beside link_opts */

/* The first proxy, or visitor, of conf becomes what the options say, and all
 * is checked; on failure o->proxy is released. */
int frpc_take(struct frpc_opts *o, const char *type, bool visitor,
    struct buf *why);
/* Reads o->config and what it includes, and checks all. */
int frpc_read_settings(struct frpc_opts *o, char *const *env,
    bool *open_to_all, struct buf *why);
/* Whether dnsServer and proxyURL can be what they must be. */
int frpc_check_link(const struct client_conf *c, struct buf *why);
/* frpc_renew.c: on SIGHUP the certificates of the settings are read again. */
struct start;
struct client_files;
struct client;
struct frpc_renew {
	struct start *start;
	const struct tls_files *names;
	struct client_files *files; /* in use */
};
void frpc_renew(void *arg, struct client *c); /* a hook; of that struct */
int frpc_worker(const struct call *c, const char *text);
int frpc_offer(const struct call *c);

#endif
