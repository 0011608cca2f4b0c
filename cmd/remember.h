/* Bastions whose key nobody has given to us: the one of the first login is
 * remembered in the person's state directory, and is the only one then. */
#ifndef CMD_REMEMBER_H
#define CMD_REMEMBER_H

#include "core/config.h"
#include "net/far.h"

struct remember {
	struct far_known known;
	struct buf name; /* of the server, as a line has it; empty: it cannot */
	struct buf as;	 /* and for people */
	char *path;	 /* of the directory; NULL: there is none */
	bool plain;	 /* there is no TLS, */
	bool quiet;	 /* and nobody wants to be told so each time */
	bool kept;	 /* it is known already */
};

/* The settings, complete, get the pins that are remembered, or hold the first
 * one.  *to: NULL when they say themselves how the server is known.  <0: what
 * is remembered is damaged; why says so. */
int remember_new(struct remember **to, struct client_conf *c,
    char *const *env, bool quiet, struct buf *why);
void remember_free(struct remember *r); /* NULL is fine */

#endif
