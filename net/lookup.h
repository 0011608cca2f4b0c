/* One name to addresses, while the caller waits: a thread's work.  With a
 * name server of one's own, that one is asked, after /etc/hosts; else the
 * system. */
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

void lookup(struct lookup *q, const struct addr *server); /* or NULL */

/* Adds what the file at path (or the rule for localhost) says. */
void lookup_hosts(struct lookup *q, const char *path);
void lookup_add(struct lookup *q, const struct addr *a);

/* lookup_dns.c */
void lookup_dns(struct lookup *q, const struct addr *server);

#endif
