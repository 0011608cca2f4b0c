/* frpc: one connection to a server, kept up, and the proxies offered on it. */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"
#include "net/loop.h"

struct client;
struct loop;
struct token_file;

struct client_files {
	char *cert, *key, *ca; /* PEM texts; NULL: none */
	struct token_file *tokens; /* borrowed, and read again */
};

enum client_stage { /* of the way to a session */
	CLIENT_CONNECTING,
	CLIENT_LOGIN,	/* connected, and the login is sent */
	CLIENT_REFUSED, /* it was answered by no */
	CLIENT_SESSION,
};

#define CLIENT_NEVER UINT64_MAX

struct client_hooks { /* any may be NULL */
	void (*proxy_up)(void *arg, const char *proxy,
	    const char *remote_addr);
	void (*proxy_refused)(void *arg, const char *proxy,
	    const char *error);
	void (*stage)(void *arg, enum client_stage now); /* the first two */
	void (*ready)(void *arg); /* logged in */
	/* SIGHUP, with client_run: what can be had anew is to be, with
	 * client_renew. */
	void (*renew)(void *arg, struct client *c);
	/* The attempt failed, or the session is over, in that stage; the next
	 * attempt is in ms, or CLIENT_NEVER.  Nothing follows in this turn, so
	 * the client may be freed here, as in all of these. */
	void (*lost)(void *arg, enum client_stage in, const char *why,
	    uint64_t ms);
	void *arg;
};

struct client_range { /* the public ports to try; first 0: as configured */
	int first, last;
};

/* In a loop that others use too; all but why stays the caller's and outlives
 * the client.  The first attempt is made when the loop turns.  NULL: why says
 * what is wrong with the settings. */
struct client *client_new(struct loop *l, const struct client_conf *c,
    const struct client_files *f, const struct client_range *range,
    const struct log *log, const struct client_hooks *h, struct buf *why);
/* Says goodbye.  Streams that it gave away get STREAM_ERROR.  NULL is fine. */
void client_free(struct client *c);
void client_retry(struct client *c); /* now, if it waits */
/* The certificates of f, for connections from now on.  <0: why, and all is as
 * it was. */
int client_renew(struct client *c, const struct client_files *f,
    struct buf *why);
/* The pin of the server that was reached last; NULL: none, or no TLS. */
const char *client_peer(const struct client *c);
/* That of one to which the last attempt led, and which is none that is
 * expected; NULL otherwise. */
const char *client_strange(const struct client *c);
const char *client_pins(const struct client *c); /* those; NULL: any */

/* Runs until SIGTERM or SIGINT, or until the first login fails where that is
 * final.  The exit status; why has the line for standard output, if any. */
int client_run(const struct client_conf *c, const struct client_files *f,
    const struct client_range *range, const struct log *log,
    const struct client_hooks *h, struct buf *why);

#endif
