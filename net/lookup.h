/* One name to addresses, while the caller waits: a thread's work.  First what
 * this host knows by itself, which is soon told; then a name server of one's
 * own or, without one, the system. */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include "net/addr.h"
#include "net/resolve.h"

struct lookup {
	const char *host;
	int port;
	struct addr v[RESOLVE_MAX]; /* the result, ports set */
	size_t n;
	char error[320]; /* in Go's words, when n is 0 */
};

bool lookup_here(struct lookup *q); /* in /etc/hosts; false: not there */
void lookup_there(struct lookup *q, const struct addr *server); /* or NULL */

/* Adds what the file at path (or the rule for localhost) says. */
void lookup_hosts(struct lookup *q, const char *path);
void lookup_add(struct lookup *q, const struct addr *a);

/* lookup_dns.c */
void lookup_dns(struct lookup *q, const struct addr *server);

#endif
