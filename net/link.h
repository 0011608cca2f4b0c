/* One mux session over a stream, and the streams it carries. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "core/mux.h"
#include "net/loop.h"
#include "net/stream.h"

struct link;

enum link_event {
	LINK_OPEN,  /* s: the peer opened it; the callee's */
	LINK_ROOM,  /* link_open gave NULL, and may do better now */
	LINK_HEARD, /* after link_probe: the peer is alive */
	LINK_DOWN,  /* over, see link_why; close it */
};
/* As of a stream: never out of a call. */
typedef void link_cb(struct link *k, enum link_event ev, struct stream *s,
    void *arg);

/* Takes under, which is up. */
struct link *link_new(struct loop *l, struct stream *under, enum mux_side side,
    const struct mux_limits *lim, link_cb *cb, void *arg);
void link_on(struct link *k, link_cb *cb, void *arg);
/* Its streams get STREAM_ERROR; silent itself.  NULL is fine. */
void link_close(struct link *k, bool gentle);
/* NULL when the peer takes no more streams for now: LINK_ROOM follows when it
 * does again. */
struct stream *link_open(struct link *k);
void link_probe(struct link *k); /* ping now; one LINK_HEARD follows, or not */
const char *link_why(const struct link *k);
size_t link_streams(const struct link *k);
struct link *link_of(const struct stream *s); /* NULL: not a mux stream */

#endif
