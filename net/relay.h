/* Joins two streams until both directions have ended; then both are gone. */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "net/loop.h"
#include "net/stream.h"

struct relay;

/* For the one who keeps account: bytes from a to b and from b to a; why is
 * NULL after an orderly end. */
typedef void relay_done(struct relay *r, uint64_t ab, uint64_t ba,
    const char *why, void *arg);

/* Takes both streams. */
struct relay *relay_new(struct loop *l, struct stream *a, struct stream *b,
    relay_done *done, void *arg);
/* Bytes so far: from a to b, and from b to a. */
void relay_bytes(const struct relay *r, uint64_t *ab, uint64_t *ba);
/* Breaks both off; done is not called. */
void relay_break(struct relay *r);
void relay_break_all(struct loop *l); /* before the loop is freed */

#endif
