// SPDX-License-Identifier: MIT
/* The input is first a UDPPacket's body, which once read must survive being
 * written and read again, then things done to a table, two bytes each, beside
 * a plain list that does the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/packet_queue.h"
#include "core/udp_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define MOST 12
#define IDLE 100

static void
message(const uint8_t *p, size_t n)
{
	struct msg m, again;
	struct buf b = { 0 };
	const struct msg_bytes *a = &m.u.udp_packet.content,
			       *c = &again.u.udp_packet.content;

	if (msg_decode(&m, MSG_UDP_PACKET, p, n) < 0)
		return;
	msg_encode(&m, &b);
	assert(msg_decode(&again, MSG_UDP_PACKET, buf_peek(&b),
	    buf_len(&b)) == 0);
	assert(a->n == c->n && (a->n == 0 || memcmp(a->p, c->p, a->n) == 0));
	assert(m.u.udp_packet.remote.port == again.u.udp_packet.remote.port);
	msg_release(&m);
	msg_release(&again);
	buf_free(&b);
}

/* What the table should hold, by use: the oldest first. */
struct model {
	struct { uint8_t name; bool again; uint64_t seen; } v[MOST];
	size_t n;
};

static void
forget(struct model *m, size_t i)
{
	memmove(&m->v[i], &m->v[i + 1], (--m->n - i) * sizeof(m->v[0]));
}

static size_t
where(const struct model *m, uint8_t name)
{
	size_t i;

	for (i = 0; i < m->n && m->v[i].name != name; i++)
		;
	return i;
}

static void
went(struct model *m, const struct udp_gone *gone, size_t i)
{
	assert(i < m->n && (uintptr_t)gone->arg == 1u + m->v[i].name);
	assert(gone->key.n == 1 && gone->key.bytes[0] == m->v[i].name);
	forget(m, i);
}

/* Who has to make way. */
static size_t
first_out(const struct model *m)
{
	size_t i, again = 0;
	bool from_again;

	for (i = 0; i < m->n; i++)
		again += m->v[i].again;
	from_again = again && m->n - again <= again / 7;
	for (i = 0; i < m->n && m->v[i].again != from_again; i++)
		;
	return i;
}

static void
use(struct udp_table *t, struct model *m, uint8_t name, uint64_t now)
{
	void *arg = (void *)(uintptr_t)(1u + name);
	size_t i = where(m, name);
	bool again = i < m->n;
	struct udp_gone gone;
	struct udp_key k;

	udp_key_set(&k, &name, 1);
	assert(udp_table_has(t, &k) == again);
	if (again) {
		assert(udp_table_use(t, &k, now) == arg);
		forget(m, i);
	} else {
		assert(!udp_table_use(t, &k, now));
		assert(udp_table_add(t, &k, arg, now, &gone) ==
		    (m->n == MOST));
		if (m->n == MOST)
			went(m, &gone, first_out(m));
	}
	m->v[m->n].again = again;
	m->v[m->n].name = name;
	m->v[m->n++].seen = now;
}

static void
renew(struct udp_table *t, struct model *m, uint8_t name, uint64_t now)
{
	size_t i = where(m, name);
	struct udp_key k;
	bool again;

	udp_key_set(&k, &name, 1);
	udp_table_renew(t, &k, now);
	if (i == m->n)
		return;
	again = m->v[i].again;
	forget(m, i);
	m->v[m->n].name = name;
	m->v[m->n].again = again;
	m->v[m->n++].seen = now;
}

static void
table(const uint8_t *p, size_t n)
{
	static const uint8_t seed[UDP_TABLE_SEED_LEN] = "s";
	struct udp_table *t = udp_table_new(MOST, IDLE, seed);
	struct model m = { 0 };
	struct udp_gone gone;
	struct udp_key k;
	uint64_t now = 0;
	size_t at;

	for (; n >= 2; p += 2, n -= 2) {
		if (p[0] < 96) {
			use(t, &m, p[1] & 31, now);
		} else if (p[0] < 128) {
			renew(t, &m, p[1] & 31, now);
		} else if (p[0] < 160) {
			uint8_t name = p[1] & 31;

			udp_key_set(&k, &name, 1);
			at = where(&m, name);
			assert(!udp_table_del(t, &k) == (at == m.n));
			if (at < m.n)
				forget(&m, at);
		} else {
			now += p[1];
			while (udp_table_expire(t, now, &gone)) {
				at = where(&m, gone.key.bytes[0]);
				assert(m.v[at].seen + IDLE <= now);
				went(&m, &gone, at);
			}
			assert(!m.n || m.v[0].seen + IDLE > now);
		}
		assert(udp_table_sessions(t) == m.n);
	}
	while (udp_table_pop(t, &gone))
		went(&m, &gone, first_out(&m));
	assert(m.n == 0);
	udp_table_free(t);
}

static void
queue(const uint8_t *p, size_t n)
{
	static const uint8_t zeroes[255];
	struct packet_queue q;
	uint64_t put = 0, taken = 0;
	struct udp_key k;

	udp_key_set(&k, "k", 1);
	packet_queue_init(&q, 7, 600);
	for (; n > 0; p++, n--) {
		if (*p & 1) {
			packet_queue_put(&q, &k, zeroes, *p);
			put++;
		} else if (packet_queue_peek(&q)) {
			packet_queue_take(&q);
			taken++;
		}
		assert(q.packets <= 7 && q.bytes <= 600);
		assert(put == taken + q.packets + q.dropped);
	}
	packet_queue_release(&q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	message(p, n);
	table(p, n);
	queue(p, n);
	return 0;
}
