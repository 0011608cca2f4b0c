// SPDX-License-Identifier: MIT
#include "core/packet_queue.h"

#include "test/t.h"

static void
put(struct packet_queue *q, const char *text)
{
	struct udp_key k;

	udp_key_set(&k, text, 1);
	packet_queue_put(q, &k, text, strlen(text));
}

static bool
next_is(struct packet_queue *q, const char *text)
{
	const struct packet *p = packet_queue_peek(q);
	bool same;

	if (!p)
		return false;
	same = p->n == strlen(text) && memcmp(p->bytes, text, p->n) == 0 &&
	    p->peer.n == 1 && p->peer.bytes[0] == (uint8_t)*text;
	packet_queue_take(q);
	return same;
}

TEST(packet_queue_gives_in_order)
{
	struct packet_queue q;

	packet_queue_init(&q, 3, 100);
	CHECK(!packet_queue_peek(&q));
	put(&q, "a");
	put(&q, "");
	put(&q, "cc");
	CHECK(q.packets == 3 && q.bytes == 3 && q.dropped == 0);
	CHECK(next_is(&q, "a") && next_is(&q, "") && next_is(&q, "cc"));
	CHECK(!packet_queue_peek(&q) && q.bytes == 0);
	packet_queue_release(&q);
}

TEST(packet_queue_drops_the_oldest_by_number_and_by_bytes)
{
	struct packet_queue q;

	packet_queue_init(&q, 3, 10);
	put(&q, "a");
	put(&q, "b");
	put(&q, "c");
	put(&q, "d");
	CHECK(q.packets == 3 && q.dropped == 1);
	put(&q, "eeeeeeee"); /* 8: d and c stay no longer both */
	CHECK(q.packets == 3 && q.bytes == 10 && q.dropped == 2);
	put(&q, "ffffffffff");
	CHECK(q.packets == 1 && q.bytes == 10 && q.dropped == 5);
	put(&q, "ggggggggggg"); /* one too many for any queue of this size */
	CHECK(q.packets == 1 && q.dropped == 6);
	CHECK(next_is(&q, "ffffffffff"));
	put(&q, "h");
	packet_queue_release(&q);
	CHECK(!packet_queue_peek(&q) && q.packets == 0 && q.bytes == 0);
	put(&q, "i");
	CHECK(next_is(&q, "i"));
	packet_queue_init(&q, 0, 10);
	put(&q, "j");
	CHECK(!packet_queue_peek(&q) && q.dropped == 1);
}
