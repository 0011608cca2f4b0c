/* A TCP connection to a host by name or number: every address of it is tried,
 * within one deadline. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/conn.h"
#include "net/resolve.h"

struct dial;

struct dial_to {
	const char *host; /* copied */
	int port;
	const struct addr *at; /* n > 0: these, and host is but a word; */
	size_t n;	       /* at most RESOLVE_MAX, copied */
	const char *local; /* source address, or NULL; copied */
	uint64_t ms;	   /* for all of it */
	struct conn_keep keep;
	bool loopback_for_any; /* 0.0.0.0 means this host */
};

/* s: a connected stream, the callee's; or NULL and error in Go's words, such
 * as "dial tcp 127.0.0.1:22: connect: connection refused". */
typedef void dial_cb(void *arg, struct stream *s, const char *error);
/* Never calls back at once; then the dial is gone. */
struct dial *dial_new(struct loop *l, struct resolver *r,
    const struct dial_to *to, dial_cb *cb, void *arg);
/* Within the callback: what the last address failed with; 0: there was none. */
int dial_errno(const struct dial *d);
void dial_cancel(struct dial *d); /* NULL is fine */

const char *dial_errno_text(int error); /* as Go writes errnos */

#endif
