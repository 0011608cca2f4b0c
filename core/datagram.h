/* Our own frames for datagrams on a stream, for when both ends are ours: no
 * JSON, no base64, and room for the largest datagram.
 *
 *	2 bytes	 length of what follows
 *	1 byte	 4 or 6: the family of the user's address; 0: a sign of life,
 *		 nothing follows
 *	2 bytes	 the user's port
 *	4 or 16	 the user's address (6: then 4 bytes of scope)
 *	the rest the datagram
 *
 * All numbers have their most significant byte first. */
#ifndef CORE_DATAGRAM_H
#define CORE_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/bytes.h"

#define DATAGRAM_MAX 65507 /* what UDP over IPv4 can carry */

/* Who sent it; all zero but for what counts, so that it can be compared and
 * hashed as bytes. */
struct datagram_source {
	uint8_t family; /* 4 or 6; 0: a sign of life */
	uint8_t unused;
	uint16_t port;
	uint8_t ip[16];
	uint32_t scope;
};

struct datagram_in { /* all zero is ready */
	struct buf part;
	size_t spent;
	int err;
};

void datagram_put(struct buf *to, const struct datagram_source *from,
    const void *p, size_t n);
/* As wire_take: 1 a datagram (*data borrowed until the next call), 0 all bytes
 * are taken and more are needed, <0 broken, sticky. */
int datagram_take(struct datagram_in *d, const uint8_t **p, size_t *n,
    struct datagram_source *from, struct span *data);
void datagram_release(struct datagram_in *d);

#endif
