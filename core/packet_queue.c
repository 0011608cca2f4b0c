// SPDX-License-Identifier: MIT
#include "core/packet_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void
packet_queue_init(struct packet_queue *q, size_t most_packets,
    size_t most_bytes)
{
	*q = (struct packet_queue){
		.most_packets = most_packets, .most_bytes = most_bytes
	};
}

void
packet_queue_take(struct packet_queue *q)
{
	struct packet *p = q->oldest;

	assert(p);
	q->oldest = p->next;
	if (!p->next)
		q->newest = NULL;
	q->packets--;
	q->bytes -= p->n;
	free(p);
}

void
packet_queue_release(struct packet_queue *q)
{
	while (q->oldest)
		packet_queue_take(q);
}

void
packet_queue_put(struct packet_queue *q, const struct udp_key *peer,
    const void *bytes, size_t n)
{
	struct packet *p;

	if (n > q->most_bytes || q->most_packets == 0) {
		q->dropped++;
		return;
	}
	while (q->packets == q->most_packets || q->bytes + n > q->most_bytes) {
		packet_queue_take(q);
		q->dropped++;
	}
	p = mem_zero(sizeof(*p) + n);
	p->peer = *peer;
	p->n = n;
	if (n > 0)
		memcpy(p->bytes, bytes, n);
	*(q->newest ? &q->newest->next : &q->oldest) = p;
	q->newest = p;
	q->packets++;
	q->bytes += n;
}

const struct packet *
packet_queue_peek(const struct packet_queue *q)
{
	return q->oldest;
}
