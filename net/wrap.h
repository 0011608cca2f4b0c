/* A stream inside another: encrypted, compressed, or both, as frp does it on
 * work and visitor streams: payload is compressed first and encrypted then. */
#ifndef NET_WRAP_H
#define NET_WRAP_H

#include "net/loop.h"
#include "net/stream.h"

struct wrap_how {
	bool encrypt, compress;
	const char *secret; /* for encrypt */
	const char *name;   /* of the proxy or visitor, for the log; copied */
};

/* Takes s; returns s itself when there is nothing to do. */
struct stream *wrap_new(struct loop *l, struct stream *s,
    const struct wrap_how *how);

#endif
