/* frps: a listener for clients, a session for each, their proxies. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"

struct server_files { /* PEM texts; NULL: none */
	char *cert, *key, *ca;
};

struct server_hooks {
	void (*ready)(void *arg); /* listening */
	void *arg;
};

/* Runs until SIGTERM or SIGINT.  The exit status; when the start failed, why
 * has the line for standard output. */
int server_run(const struct server_conf *c, const struct server_files *f,
    const struct log *log, const struct server_hooks *h, struct buf *why);

#endif
