/* frps: a listener for clients, a session for each, their proxies. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"

struct token_file;

struct server_files {
	char *cert, *key, *ca; /* PEM texts; NULL: none */
	char *own_key; /* for want of a certificate, at the start */
	struct token_file *tokens; /* borrowed */
};

struct server;

struct server_hooks {
	void (*ready)(void *arg); /* listening */
	/* SIGHUP: what can be had anew is to be, with server_renew. */
	void (*renew)(void *arg, struct server *sv);
	void *arg;
};

/* Runs until SIGTERM or SIGINT.  The exit status; when the start failed, why
 * has the line for standard output. */
int server_run(const struct server_conf *c, const struct server_files *f,
    const struct log *log, const struct server_hooks *h, struct buf *why);

struct server_renewal {
	const struct server_files *files; /* NULL: those that it has */
	const struct ranges *allow_ports;
	struct token_file *tokens; /* NULL: those that it has; is left with
				      these when it is taken */
};

/* For those who come from now on; nobody is cut.  0, with what has changed in
 * said, if anything; <0 with the reason there, and all is as it was.  Who had
 * to know a token, or to show a certificate, goes on having to. */
int server_renew(struct server *sv, const struct server_renewal *to,
    struct buf *said);

#endif
