/* frp's compression of a stream: snappy's framing format.  Each direction
 * begins with an identifier, sent with its first bytes; every write becomes
 * chunks of its own at once. */
#ifndef CORE_FILTER_SNAPPY_H
#define CORE_FILTER_SNAPPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/bytes.h"

struct filter_snappy { /* all zero is ready */
	bool begun;	   /* our identifier is out */
	bool met;	   /* the peer's has come */
	bool spent;	   /* held is the chunk given out last */
	int err;	   /* sticky */
	size_t skip;	   /* bytes to pass over */
	struct span in;	   /* fed and not yet looked at */
	struct buf held;   /* a chunk of which a part came */
	struct buf plain;  /* the one decoded last */
};

void filter_snappy_release(struct filter_snappy *f);

/* Puts the chunks of p; nothing for n of 0. */
void filter_snappy_encode(struct filter_snappy *f, struct buf *to,
    const void *p, size_t n);

/* Hands in n bytes, borrowed until filter_snappy_next returns 0 or less.
 * Call it only then. */
void filter_snappy_feed(struct filter_snappy *f, const uint8_t *p, size_t n);
/* 1: *plain is the next plain bytes, never empty, borrowed until the next call
 * (they may lie in what was fed); 0: all is taken and more is needed; <0:
 * ERR_PROTO, for ever.  Between two feeds only a chunk that is not whole
 * keeps memory. */
int filter_snappy_next(struct filter_snappy *f, struct span *plain);
/* No chunk was cut by an end here. */
bool filter_snappy_whole(const struct filter_snappy *f);

#endif
