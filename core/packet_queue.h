/* Datagrams that wait, up to a number and a sum of bytes.  One more makes the
 * oldest go: what is late is worth least. */
#ifndef CORE_PACKET_QUEUE_H
#define CORE_PACKET_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "core/udp_table.h"

struct packet {
	struct packet *next;
	struct udp_key peer; /* from whom, or for whom */
	size_t n;
	uint8_t bytes[];
};

struct packet_queue {
	struct packet *oldest, *newest;
	size_t packets, bytes, most_packets, most_bytes;
	uint64_t dropped; /* in all, ever */
};

void packet_queue_init(struct packet_queue *q, size_t most_packets,
    size_t most_bytes);
void packet_queue_release(struct packet_queue *q); /* empty, still usable */
/* Copies both.  One that is larger than the queue is dropped itself. */
void packet_queue_put(struct packet_queue *q, const struct udp_key *peer,
    const void *p, size_t n);
/* The oldest, borrowed until the next call; NULL when there is none. */
const struct packet *packet_queue_peek(const struct packet_queue *q);
void packet_queue_take(struct packet_queue *q); /* the one that peek gave */

#endif
