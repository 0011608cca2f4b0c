// SPDX-License-Identifier: MIT
#include "core/wire.h"

#include "core/bytes.h"
#include "core/err.h"
#include "test/core/msg_all.h"
#include "test/crypto/hex.h"
#include "test/t.h"

#define RUN_ID "7b2272756e5f6964223a2261316232633364346535663630373138227d"

static void
frame(struct buf *to, uint8_t type, const char *body)
{
	uint8_t head[WIRE_HEAD] = { type };

	put_be64(head + 1, strlen(body));
	buf_put(to, head, sizeof(head));
	buf_puts(to, body);
}

/* The next message in pieces of at most size bytes; what is left stays. */
static int
take(struct wire *w, const uint8_t **p, size_t *n, size_t size, struct msg *m)
{
	int r = 0;

	while (r == 0 && *n) {
		size_t part = min_size(size, *n), left = part;
		uint8_t *piece = malloc(part);
		const uint8_t *at = piece;

		memcpy(piece, *p, part);
		r = wire_take(w, &at, &left, m);
		CHECK(at == piece + (part - left));
		CHECK(r != 0 || left == 0);
		*p += part - left;
		*n -= part - left;
		free(piece);
	}
	return r;
}

TEST(wire_writes_the_frames_of_the_worked_example)
{
	static const struct {
		enum msg_type type;
		const char *body, *hex;
	} cases[] = {
		{ MSG_LOGIN_RESP,
		    "{\"version\":\"0.61.0\",\"run_id\":\"a1b2c3d4e5f60718\"}",
		    "310000000000000030"
		    "7b2276657273696f6e223a22302e36312e30222c2272756e5f696422"
		    "3a2261316232633364346535663630373138227d" },
		{ MSG_REQ_WORK_CONN, "{}", "7200000000000000027b7d" },
		{ MSG_PING, "{}", "6800000000000000027b7d" },
		{ MSG_PONG, "{}", "3400000000000000027b7d" },
		{ MSG_NEW_WORK_CONN, "{\"run_id\":\"a1b2c3d4e5f60718\"}",
		    "77000000000000001d" RUN_ID },
	};
	struct buf b = { 0 };
	struct wire w = { 0 };
	const uint8_t *p;
	struct msg m;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(msg_read(&m, cases[i].type, cases[i].body,
			  strlen(cases[i].body)) == 0);
		wire_put(&b, &m);
		msg_release(&m);
		CHECK(hex_is(buf_peek(&b), buf_len(&b), cases[i].hex));
		p = buf_peek(&b);
		n = buf_len(&b);
		CHECK(wire_take(&w, &p, &n, &m) == 1 && n == 0);
		CHECK(m.type == cases[i].type);
		msg_release(&m);
		buf_free(&b);
	}
}

TEST(wire_lengths_are_those_of_the_worked_example)
{
	static const struct {
		enum msg_type type;
		const char *body;
		size_t length;
	} cases[] = {
		{ MSG_LOGIN, "{\"version\":\"0.61.0\",\"os\":\"linux\","
		    "\"arch\":\"amd64\",\"privilege_key\":"
		    "\"5d75c9c422f888a6fc13fe10cfd4b30e\","
		    "\"timestamp\":1700000000,\"client_spec\":{},"
		    "\"pool_count\":1}", 163 },
		{ MSG_START_WORK_CONN, "{\"proxy_name\":\"ssh\",\"src_addr\":"
		    "\"203.0.113.9\",\"dst_addr\":\"192.0.2.1\","
		    "\"src_port\":51000,\"dst_port\":6000}", 110 },
		{ MSG_UDP_PACKET, "{\"c\":\"aGk=\",\"r\":{\"IP\":"
		    "\"203.0.113.9\",\"Port\":51000,\"Zone\":\"\"}}",
		    9 + 0x3c },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf got = { 0 }, want = { 0 };
		struct msg m;

		CHECK(msg_read(&m, cases[i].type, cases[i].body,
			  strlen(cases[i].body)) == 0);
		wire_put(&got, &m);
		frame(&want, msg_byte(cases[i].type), cases[i].body);
		CHECK(buf_len(&got) == cases[i].length &&
		    buf_len(&want) == cases[i].length &&
		    memcmp(buf_peek(&got), buf_peek(&want), cases[i].length) ==
			0);
		msg_release(&m);
		buf_free(&got);
		buf_free(&want);
	}
}

TEST(wire_takes_all_kinds_in_pieces_of_every_size)
{
	struct buf b = { 0 };
	size_t size;
	int i;

	for (i = 0; i < MSG_TYPES; i++)
		frame(&b, msg_byte(i), msg_full[i]);
	for (size = 1; size <= buf_len(&b); size++) {
		const uint8_t *p = buf_peek(&b);
		size_t n = buf_len(&b);
		struct wire w = { 0 };
		struct msg m;

		for (i = 0; i < MSG_TYPES; i++) {
			if (!CHECK(take(&w, &p, &n, size, &m) == 1))
				break;
			CHECK(m.type == (enum msg_type)i);
			msg_release(&m);
		}
		CHECK(n == 0 && w.body.data == NULL && w.have == 0);
		wire_release(&w);
	}
	buf_free(&b);
}

TEST(wire_leaves_what_follows_a_message)
{
	struct buf b = { 0 };
	size_t split;

	frame(&b, 's', "{\"proxy_name\":\"ssh\"}");
	buf_puts(&b, "hello\n");
	for (split = 0; split <= buf_len(&b); split++) {
		const uint8_t *p = buf_peek(&b);
		size_t n = split;
		struct wire w = { 0 };
		struct msg m;
		int r = wire_take(&w, &p, &n, &m);

		CHECK(r == (split >= buf_len(&b) - 6));
		n += buf_len(&b) - split;
		if (r == 0)
			r = wire_take(&w, &p, &n, &m);
		CHECK(r == 1);
		CHECK(n == 6 && memcmp(p, "hello\n", 6) == 0);
		CHECK_STR(m.u.start_work_conn.name, "ssh");
		msg_release(&m);
		wire_release(&w);
	}
	buf_free(&b);
}

TEST(wire_waits_in_silence_for_bytes_that_do_not_come)
{
	struct buf b = { 0 };
	size_t cut, n;

	frame(&b, 'h', "{}");
	for (cut = 0; cut < buf_len(&b); cut++) {
		const uint8_t *p = buf_peek(&b);
		struct wire w = { 0 };
		struct msg m;

		n = cut;
		CHECK(wire_take(&w, &p, &n, &m) == 0);
		p = NULL;
		n = 0;
		CHECK(wire_take(&w, &p, &n, &m) == 0);
		CHECK(wire_take(&w, &p, &n, &m) == 0);
		wire_release(&w);
	}
	buf_free(&b);
}

/* A body of n bytes. */
static int
take_big(size_t n, size_t size)
{
	struct wire w = { 0 };
	struct buf b = { 0 };
	const uint8_t *p;
	struct msg m;
	char *body = malloc(n + 1);
	size_t left;
	int r;

	memset(body, ' ', n);
	body[n] = '\0';
	memcpy(body + n - 2, "{}", 2);
	frame(&b, 'h', body);
	p = buf_peek(&b);
	left = buf_len(&b);
	r = take(&w, &p, &left, size, &m);
	if (r == 1)
		msg_release(&m);
	else
		CHECK(w.body.data == NULL); /* refused before it is held */
	wire_release(&w);
	buf_free(&b);
	free(body);
	return r;
}

TEST(wire_bodies_at_the_limit_and_one_past_it)
{
	CHECK(take_big(WIRE_MAX_BODY, SIZE_MAX) == 1);
	CHECK(take_big(WIRE_MAX_BODY, 1) == 1);
	CHECK(take_big(WIRE_MAX_BODY + 1, SIZE_MAX) == ERR_LIMIT);
	CHECK(take_big(WIRE_MAX_BODY + 1, 1) == ERR_LIMIT);
}

static void
breaks(const uint8_t *bytes, size_t len, int want)
{
	size_t size;

	for (size = 1; size <= len; size++) {
		struct wire w = { 0 };
		const uint8_t *p = bytes;
		size_t n = len;
		struct msg m;

		CHECK(take(&w, &p, &n, size, &m) == want);
		/* and nothing mends it */
		p = (const uint8_t *)"h\0\0\0\0\0\0\0\2{}";
		n = 11;
		CHECK(wire_take(&w, &p, &n, &m) == want);
		CHECK(n == 11);
		wire_release(&w);
	}
}

TEST(wire_refuses_lengths_that_are_none)
{
	static const uint64_t lengths[] = { UINT64_MAX, 1ull << 63,
		(1ull << 63) - 1, 1ull << 32, WIRE_MAX_BODY + 1 };
	uint8_t head[WIRE_HEAD] = { 'o' };
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		put_be64(head + 1, lengths[i]);
		breaks(head, sizeof(head), ERR_LIMIT);
	}
}

TEST(wire_refuses_an_unknown_type_at_its_first_byte)
{
	int c;

	for (c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;

		if (msg_type_of_byte(byte) < 0)
			breaks(&byte, 1, ERR_PROTO);
	}
}

TEST(wire_refuses_bodies_that_are_no_message)
{
	breaks((const uint8_t *)"h\0\0\0\0\0\0\0\0", 9, ERR_PROTO);
	breaks((const uint8_t *)"h\0\0\0\0\0\0\0\1{", 10, ERR_PROTO);
	breaks((const uint8_t *)"h\0\0\0\0\0\0\0\4null", 13, ERR_PROTO);
	breaks((const uint8_t *)"h\0\0\0\0\0\0\0\3{}}", 12, ERR_PROTO);
}
