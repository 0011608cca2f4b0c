/* What the files of the server applet share. */
#ifndef CMD_FRPS_H
#define CMD_FRPS_H

#include "cmd/start.h"
#include "net/server.h"
#include "net/token_file.h"

struct frps_opts {
	char *config;
	bool version, strict;
	struct server_conf conf;
	struct token_file tokens;
};

/* The settings of o->config, of which this is the text; to is to be released
 * in any case. */
int frps_settings(const struct frps_opts *o, char *const *env,
    const char *text, size_t n, struct server_conf *to, struct buf *why);

/* renew.c: what is read anew on SIGHUP, and what it was. */
struct renew {
	const struct frps_opts *opts;
	char *const *env;
	struct start *start;
	struct server_files *files; /* in use */
	bool piped; /* the tokens: they are those of the start */
};
void renew(void *arg, struct server *sv); /* a hook; arg is a struct renew */

#endif
