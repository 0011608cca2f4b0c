/* Visitors: the client's way to secret services of other clients.  A kind is
 * one file, net/visitor_NAME.c, and one word in VISITOR_TYPES. */
#ifndef NET_VISITOR_H
#define NET_VISITOR_H

#include "net/client_internal.h"

#define VISITOR_TYPES(X) X(stcp) X(sudp)

struct visitor {
	struct client *client;
	struct list at;
	const struct proxy_conf *conf;
	const struct visitor_type *type;
	char *target;	   /* the service, as the server knows it */
	struct list calls; /* under way */
	struct timer again; /* to start what could not be started */
	bool up;
	void *own; /* the type's */
	struct deferred gone;
};

struct visitor_type {
	const struct config_type *conf;
	int (*start)(struct visitor *v, struct buf *why); /* listen */
	void (*stop)(struct visitor *v);
};

#define VISITOR_DECLARE(name)                              \
	extern const struct visitor_type visitor_type_##name; \
	extern const struct config_type visitor_conf_##name;
VISITOR_TYPES(VISITOR_DECLARE)

/* Opens a stream to the target: wrapped and ready, or NULL and the reason.
 * Never calls back at once. */
struct visitor_call;
typedef void visitor_cb(void *arg, struct stream *s, bool ours,
    const char *error);
struct visitor_call *visitor_call(struct visitor *v, visitor_cb *cb,
    void *arg);
/* The same, and these are the first bytes for the target, copied.  They go
 * along with the request where the server says that it keeps them, which saves
 * a round trip.  frp joins visitor and worker before it answers: what the
 * worker says to early words may come before the answer there. */
struct visitor_call *visitor_call_saying(struct visitor *v, const void *p,
    size_t n, visitor_cb *cb, void *arg);
void visitor_cancel(struct visitor_call *c); /* NULL is fine */

void visitors_make(struct client *c);
void visitors_free(struct client *c);
void visitors_start(struct client *c); /* those that are not up yet */
bool visitors_open(struct client *c); /* a stream for one; or false */

#endif
