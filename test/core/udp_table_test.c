// SPDX-License-Identifier: MIT
#include "core/udp_table.h"

#include "core/bytes.h"
#include "core/msg.h"
#include "core/udp_msg.h"
#include "test/t.h"

#define SESSIONS 4096

static const uint8_t seed[UDP_TABLE_SEED_LEN] = "0123456789abcdef";

static struct udp_key
key(uint32_t number)
{
	struct udp_key k;
	uint8_t p[19] = { 6 };

	put_be32(p + 1, number);
	udp_key_set(&k, p, sizeof(p));
	return k;
}

static void *
mark(uint32_t number)
{
	return (void *)((uintptr_t)number + 1);
}

static bool
add(struct udp_table *t, uint32_t number, uint64_t now, struct udp_gone *gone)
{
	struct udp_key k = key(number);

	return udp_table_add(t, &k, mark(number), now, gone);
}

static void *
use(struct udp_table *t, uint32_t number, uint64_t now)
{
	struct udp_key k = key(number);

	return udp_table_use(t, &k, now);
}

TEST(udp_table_tells_sources_apart)
{
	struct udp_table *t = udp_table_new(100, 30, seed);
	struct udp_gone gone;
	struct udp_key k, longer;
	char text[UDP_TABLE_KEY_MAX + 1] = "";

	CHECK(!use(t, 1, 0) && udp_table_sessions(t) == 0);
	CHECK(!add(t, 1, 0, &gone) && !add(t, 2, 0, &gone));
	CHECK(use(t, 1, 0) == mark(1) && use(t, 2, 0) == mark(2));
	CHECK(!use(t, 3, 0));
	/* the same bytes, one zero more */
	CHECK(udp_key_set(&k, text, 0) && udp_key_set(&longer, text, 1));
	CHECK(!udp_table_add(t, &k, mark(7), 0, &gone));
	CHECK(!udp_table_use(t, &longer, 0));
	CHECK(udp_key_set(&longer, text, UDP_TABLE_KEY_MAX));
	CHECK(!udp_table_add(t, &longer, mark(8), 0, &gone));
	CHECK(udp_table_use(t, &longer, 0) == mark(8));
	CHECK(!udp_key_set(&longer, text, UDP_TABLE_KEY_MAX + 1));
	k = key(1);
	CHECK(udp_table_del(t, &k) == mark(1) && !udp_table_del(t, &k));
	CHECK(!use(t, 1, 0) && udp_table_sessions(t) == 3);
	udp_table_free(t);
	udp_table_free(NULL);
}

TEST(udp_table_ends_what_is_idle_and_nothing_sooner)
{
	struct udp_table *t = udp_table_new(100, 30, seed);
	struct udp_gone gone;

	CHECK(udp_table_deadline(t) == UINT64_MAX);
	CHECK(!udp_table_expire(t, 1000, &gone));
	add(t, 1, 100, &gone);
	add(t, 2, 110, &gone);
	CHECK(udp_table_deadline(t) == 130);
	CHECK(!udp_table_expire(t, 129, &gone));
	CHECK(use(t, 1, 129) == mark(1));
	CHECK(udp_table_deadline(t) == 140);
	CHECK(!udp_table_expire(t, 139, &gone));
	CHECK(udp_table_expire(t, 140, &gone) && gone.arg == mark(2) &&
	    be32(gone.key.bytes + 1) == 2 && gone.key.n == 19);
	CHECK(!udp_table_expire(t, 158, &gone));
	CHECK(udp_table_expire(t, 159, &gone) && gone.arg == mark(1));
	CHECK(!udp_table_pop(t, &gone));
	udp_table_free(t);
}

TEST(udp_table_when_full_gives_up_the_one_idle_longest)
{
	struct udp_table *t = udp_table_new(3, 30, seed);
	struct udp_gone gone;

	CHECK(!add(t, 1, 0, &gone) && !add(t, 2, 0, &gone) &&
	    !add(t, 3, 0, &gone));
	use(t, 1, 0);
	CHECK(add(t, 4, 0, &gone) && gone.arg == mark(2));
	CHECK(use(t, 1, 0) && !use(t, 2, 0) && use(t, 3, 0) && use(t, 4, 0));
	CHECK(udp_table_sessions(t) == 3);
	CHECK(udp_table_pop(t, &gone) && udp_table_pop(t, &gone) &&
	    udp_table_pop(t, &gone) && !udp_table_pop(t, &gone));
	udp_table_free(t);
	t = udp_table_new(1, 30, seed);
	CHECK(!add(t, 1, 0, &gone));
	CHECK(add(t, 2, 0, &gone) && gone.arg == mark(1));
	CHECK(use(t, 2, 0) == mark(2));
	udp_table_free(t);
}

/* Addresses are easily forged. */
TEST(udp_table_keeps_who_was_heard_again_while_others_come_once)
{
	struct udp_table *t = udp_table_new(SESSIONS, UDP_TABLE_IDLE, seed);
	struct udp_gone gone;
	struct udp_key k;
	uint32_t i, kept = SESSIONS / 4 * 3;

	for (i = 0; i < kept; i++)
		add(t, i, 0, &gone);
	for (i = 0; i < kept; i++)
		CHECK(use(t, i, 1) == mark(i));
	/* what is sent to a forged source, too, makes it no better */
	for (i = kept; i < 100000; i++) {
		CHECK(add(t, i, 2, &gone) == (i >= SESSIONS));
		k = key(i);
		udp_table_renew(t, &k, 2);
	}
	for (i = 0; i < kept; i++)
		CHECK(use(t, i, 3) == mark(i));
	/* they have come twice */
	for (; i < 100000; i++) {
		if (!use(t, i, 3))
			add(t, i, 3, &gone);
		use(t, i, 3);
	}
	/* and yet there is always room for new ones */
	for (i = 200000; i < 200000 + SESSIONS / 8; i++)
		add(t, i, 4, &gone);
	for (i = 200000; i < 200000 + SESSIONS / 8; i++)
		CHECK(use(t, i, 4) == mark(i));
	CHECK(udp_table_sessions(t) == SESSIONS);
	udp_table_free(t);
}

/* Who is looked up, or answered, was not heard. */
TEST(udp_table_look_does_not_make_a_session_last)
{
	struct udp_table *t = udp_table_new(2, 60, seed);
	struct udp_gone gone;
	struct udp_key k = key(1);

	CHECK(!udp_table_has(t, &k));
	add(t, 1, 0, &gone);
	CHECK(udp_table_has(t, &k) && !udp_table_expire(t, 59, &gone));
	CHECK(udp_table_has(t, &k) && udp_table_deadline(t) == 60);
	use(t, 1, 59);
	CHECK(!udp_table_expire(t, 118, &gone) && udp_table_has(t, &k));
	add(t, 2, 100, &gone);
	CHECK(udp_table_expire(t, 119, &gone) && gone.arg == mark(1));
	CHECK(!udp_table_has(t, &k) && udp_table_deadline(t) == 160);
	udp_table_free(t);
}

TEST(udp_table_a_million_sources_take_no_more_than_the_limit)
{
	struct udp_table *t = udp_table_new(SESSIONS, UDP_TABLE_IDLE, seed);
	struct udp_gone gone;
	uint32_t i, n = 0;

	for (i = 0; i < 1000000; i++) {
		if (add(t, i, i, &gone)) {
			CHECK(gone.arg == mark(i - SESSIONS));
			n++;
		}
	}
	CHECK(n == 1000000 - SESSIONS);
	CHECK(udp_table_sessions(t) == SESSIONS);
	for (i = 0; i < SESSIONS; i++)
		CHECK(use(t, 999999 - i, 1000000) == mark(999999 - i));
	udp_table_free(t);
}

TEST(udp_msg_that_fits_is_one_that_the_reader_takes)
{
	static uint8_t content[65507];
	struct msg m = { .type = MSG_UDP_PACKET };
	struct wire w = { 0 };
	struct buf b = { 0 };
	struct msg got;
	const uint8_t *p;
	size_t n;

	CHECK(udp_msg_fits(0) && udp_msg_fits(UDP_MSG_MAX));
	CHECK(!udp_msg_fits(UDP_MSG_MAX + 1) && !udp_msg_fits(65507));
	CHECK(UDP_MSG_MAX > 7500 && UDP_MSG_MAX < 7680);
	m.u.udp_packet.content.p = content;
	m.u.udp_packet.content.n = UDP_MSG_MAX;
	m.u.udp_packet.remote.present = true;
	m.u.udp_packet.remote.ip =
	    "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
	m.u.udp_packet.remote.port = 65535;
	m.u.udp_packet.remote.zone = "123456789012345";
	wire_put(&b, &m);
	CHECK(buf_len(&b) <= WIRE_HEAD + WIRE_MAX_BODY);
	CHECK(buf_len(&b) > WIRE_HEAD + WIRE_MAX_BODY - 4);
	p = buf_peek(&b);
	n = buf_len(&b);
	CHECK(wire_take(&w, &p, &n, &got) == 1);
	CHECK(got.u.udp_packet.content.n == UDP_MSG_MAX);
	msg_release(&got);
	wire_release(&w);
	buf_free(&b);
}
