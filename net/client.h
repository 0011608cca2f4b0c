/* frpc: one connection to a server, kept up, and the proxies offered on it. */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"

struct client_files { /* PEM texts; NULL: none */
	char *cert, *key, *ca;
};

struct client_hooks {
	void (*proxy_up)(void *arg, const char *proxy,
	    const char *remote_addr);
	void (*ready)(void *arg); /* logged in */
	void *arg;
};

struct client_range { /* the public ports to try; first 0: as configured */
	int first, last;
};

/* Runs until SIGTERM or SIGINT, or until the first login fails where that is
 * final.  The exit status; why has the line for standard output, if any. */
int client_run(const struct client_conf *c, const struct client_files *f,
    const struct client_range *range, const struct log *log,
    const struct client_hooks *h, struct buf *why);

#endif
