/* Names to addresses off the loop: a thread asks, the loop gets the answer.
 * The answer goes to a number, not to a pointer: who asked may be gone. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "net/addr.h"
#include "net/loop.h"

#define RESOLVE_MAX 16 /* addresses used of one name */

struct resolver;

/* server: whom to ask; copied; NULL: as the system does. */
struct resolver *resolver_new(struct loop *l, const struct addr *server);
/* Waits for no name server; NULL is fine. */
void resolver_free(struct resolver *r);

/* error is NULL, or says in Go's words why there is no address. */
typedef void resolve_cb(void *arg, const struct addr *v, size_t n,
    const char *error);
/* Never calls back at once.  Returns the question's number. */
uint64_t resolve(struct resolver *r, const char *host, int port,
    resolve_cb *cb, void *arg);
void resolve_cancel(struct resolver *r, uint64_t id); /* 0 is fine */

#endif
