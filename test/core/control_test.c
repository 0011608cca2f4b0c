// SPDX-License-Identifier: MIT
#include "core/control.h"

#include "core/bytes.h"
#include "core/err.h"
#include "test/core/msg_all.h"
#include "test/crypto/hex.h"
#include "test/t.h"

#define CLIENT_IV "000102030405060708090a0b0c0d0e0f"
#define SERVER_IV "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

static struct control *
make(const char *token, const char *iv_hex)
{
	uint8_t iv[CFB_IV_LEN];

	hex_read(iv, iv_hex);
	return control_new(token, iv);
}

static void
put(struct control *c, enum msg_type type, const char *body)
{
	struct msg m;

	CHECK(msg_read(&m, type, body, strlen(body)) == 0);
	control_put(c, &m);
	msg_release(&m);
}

/* What it has to send is this; taken. */
static void
sends(struct control *c, const char *hex)
{
	struct buf *out = control_out(c);

	CHECK(hex_is(buf_peek(out), buf_len(out), hex));
	buf_take(out, buf_len(out));
}

/* The worked example, direction by direction, message by message. */
#define FIRST_REQ   "e4dbb33d410e4e2362ecd4"
#define SECOND_REQ  "e608c499205e55bbf6fc8c"
#define NEW_PROXY                                                          \
	"eb7848b3103aeeb19caaa036c6edef44f5528993a39e4c5d00cbbf72ab3a6854" \
	"70b8522fe080298536eb08d1b37c71b309c191d5a59c5ed4dce2890e523c1054" \
	"57db70"
#define PROXY_RESP                                                         \
	"0f0ca3025a994ad5603e98e611e3689f9a866de78b20cb32b73fce83a221dda5" \
	"a94deb5eb898c9d3504cbf513209b340915f36"
#define PROXY_BODY \
	"{\"proxy_name\":\"ssh\",\"proxy_type\":\"tcp\",\"remote_port\":6000}"
#define RESP_BODY "{\"proxy_name\":\"ssh\",\"remote_addr\":\":6000\"}"

TEST(control_writes_the_bytes_of_the_worked_example)
{
	struct control *client = make("s3cret", CLIENT_IV);
	struct control *server = make("s3cret", SERVER_IV);

	CHECK(buf_len(control_out(server)) == 0); /* no IV yet */
	put(server, MSG_REQ_WORK_CONN, "{}");
	sends(server, SERVER_IV FIRST_REQ);
	put(client, MSG_NEW_PROXY, PROXY_BODY);
	sends(client, CLIENT_IV NEW_PROXY);
	put(server, MSG_NEW_PROXY_RESP, RESP_BODY);
	sends(server, PROXY_RESP);
	put(server, MSG_REQ_WORK_CONN, "{}");
	sends(server, SECOND_REQ);
	control_free(client);
	control_free(server);
}

TEST(control_reads_the_worked_example_in_pieces_of_every_size)
{
	static const enum msg_type want[] = { MSG_REQ_WORK_CONN,
		MSG_NEW_PROXY_RESP, MSG_REQ_WORK_CONN };
	uint8_t bytes[256];
	size_t n = hex_read(bytes, SERVER_IV FIRST_REQ PROXY_RESP SECOND_REQ);
	size_t size, at;

	for (size = 1; size <= n; size++) {
		struct control *c = make("s3cret", CLIENT_IV);
		unsigned seen = 0;
		struct msg m;
		int r = 0;

		for (at = 0; at < n && r == 0; at += size) {
			control_feed(c, bytes + at, min_size(size, n - at));
			while ((r = control_next(c, &m)) == 1) {
				CHECK(seen < 3 && m.type == want[seen]);
				seen++;
				if (m.type == MSG_NEW_PROXY_RESP)
					CHECK_STR(m.u.new_proxy_resp
						      .remote_addr, ":6000");
				msg_release(&m);
			}
		}
		CHECK(r == 0 && seen == 3);
		CHECK(buf_len(control_out(c)) == 0);
		control_free(c);
	}
}

TEST(control_has_nothing_when_nothing_came)
{
	struct control *c = make("", CLIENT_IV);
	uint8_t iv[CFB_IV_LEN] = { 0 };
	struct msg m;

	CHECK(control_next(c, &m) == 0);
	control_feed(c, NULL, 0);
	CHECK(control_next(c, &m) == 0);
	control_feed(c, iv, sizeof(iv));
	CHECK(control_next(c, &m) == 0);
	control_free(c);
	control_free(NULL);
}

static size_t
carry(struct control *from, struct control *to, size_t most)
{
	struct buf *out = control_out(from);
	size_t n = min_size(most, buf_len(out));

	control_feed(to, buf_peek(out), n);
	buf_take(out, n);
	return n;
}

TEST(control_two_ends_carry_every_kind_both_ways)
{
	struct control *end[2] = { make("t", CLIENT_IV), make("t", SERVER_IV) };
	int i, d;

	for (i = 0; i < 3 * MSG_TYPES; i++)
		for (d = 0; d < 2; d++) {
			struct buf b = { 0 };
			struct msg m;
			int r;

			put(end[d], i % MSG_TYPES, msg_full[i % MSG_TYPES]);
			do {
				carry(end[d], end[!d], 1 + (size_t)i);
				r = control_next(end[!d], &m);
			} while (r == 0 && buf_len(control_out(end[d])));
			if (!CHECK(r == 1))
				continue;
			msg_encode(&m, &b);
			CHECK_STR(buf_text(&b), msg_full[i % MSG_TYPES]);
			buf_free(&b);
			msg_release(&m);
			CHECK(control_next(end[!d], &m) == 0);
		}
	control_free(end[0]);
	control_free(end[1]);
}

TEST(control_under_another_token_breaks_for_good)
{
	struct control *a = make("t", CLIENT_IV), *b = make("u", SERVER_IV);
	struct msg m;
	int r;

	put(a, MSG_PING, "{}");
	carry(a, b, SIZE_MAX);
	r = control_next(b, &m);
	CHECK(r == ERR_PROTO || r == ERR_LIMIT);
	put(a, MSG_PING, "{}");
	carry(a, b, SIZE_MAX);
	CHECK(control_next(b, &m) == r);
	control_free(a);
	control_free(b);
}

TEST(control_breaks_where_a_byte_was_changed)
{
	uint8_t bytes[256];
	size_t n = hex_read(bytes, CLIENT_IV NEW_PROXY), at;
	unsigned broken = 0;

	for (at = 16; at < 16 + 9; at++) { /* in the head of the message */
		struct control *c = make("s3cret", SERVER_IV);
		struct msg m;
		int r;

		bytes[at] ^= 0x80;
		control_feed(c, bytes, n);
		r = control_next(c, &m);
		CHECK(r <= 0);
		broken += r < 0;
		if (r == 1)
			msg_release(&m);
		bytes[at] ^= 0x80;
		control_free(c);
	}
	CHECK(broken >= 8); /* the last one only asks for more */
}
