// SPDX-License-Identifier: MIT
/* What a session reads and says, frame by frame. */
#include "core/mux.h"

#include "test/core/mux_solo.h"

#define PING0 "0002 0001 00000000 00000000"
#define AWAY1 "0003 0000 00000000 00000001"

/* The example session of a client that offers one tcp service: what the
 * client says, … */
#define LOGIN \
	"{\"version\":\"0.61.0\",\"os\":\"linux\",\"arch\":\"amd64\"," \
	"\"privilege_key\":\"5d75c9c422f888a6fc13fe10cfd4b30e\"," \
	"\"timestamp\":1700000000,\"client_spec\":{},\"pool_count\":1}"
static const char client_says[] =
    "0001 0001 00000001 005c0000"
    "0000 0000 00000001 00000010 000102030405060708090a0b0c0d0e0f"
    "0000 0000 00000001 00000043"
    "eb7848b3103aeeb19caaa036c6edef44f5528993a39e4c5d00cbbf72ab3a6854"
    "70b8522fe080298536eb08d1b37c71b309c191d5a59c5ed4dce2890e523c1054"
    "57db70"
    "0001 0001 00000003 005c0000"
    "0000 0000 00000003 00000006 776f726c640a"
    "0001 0004 00000003 00000000"
    "0002 0001 00000000 00000000";
/* … and its server. */
static const char server_says[] =
    "0001 0002 00000001 005c0000"
    "0000 0000 00000001 00000010 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
    "0000 0000 00000001 0000000b e4dbb33d410e4e2362ecd4"
    "0001 0002 00000003 005c0000"
    "0000 0000 00000001 0000000b e608c499205e55bbf6fc8c"
    "0000 0000 00000003 00000006 68656c6c6f0a"
    "0001 0004 00000003 00000000"
    "0002 0002 00000000 00000000";

TEST(mux_frame_is_twelve_bytes_in_network_order)
{
	static const uint8_t syn[] = { 0, 1, 0, 1, 0, 0, 0, 3, 0, 0x5c, 0, 0 };
	struct mux_frame f = mux_frame_get(syn);
	uint8_t p[MUX_HEAD];

	CHECK(f.version == 0 && f.type == MUX_FRAME_WINDOW && f.id == 3);
	CHECK(f.flags == MUX_FLAG_SYN && f.len == MUX_WINDOW_MAX - MUX_WINDOW);
	mux_frame_put(p, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 3, 6029312);
	CHECK(memcmp(p, syn, sizeof(p)) == 0);
	mux_frame_put(p, MUX_FRAME_GOAWAY, 0xabcd, 0x12345678, 0x9abcdef0);
	f = mux_frame_get(p);
	CHECK(f.flags == 0xabcd && f.id == 0x12345678 && f.len == 0x9abcdef0);
}

/* Also the login of the example: 163 bytes with their own header of nine. */
TEST(mux_server_reads_what_a_client_says)
{
	struct solo s = solo_new(MUX_SERVER, NULL);
	struct buf b = {0};

	solo_hex(&b, "0001 0001 00000001 005c0000"
	    "0000 0000 00000001 000000a3 6f 000000000000009a");
	buf_puts(&b, LOGIN);
	CHECK(buf_len(&b) == 12 + 12 + 163);
	s.keep = true;
	CHECK(solo_feed(&s, buf_peek(&b), buf_len(&b)) == 0);
	CHECK(buf_len(&s.log) == 6 + 163);
	CHECK(memcmp(buf_peek(&s.log), "O1 D1:o", 7) == 0);
	CHECK(memcmp(buf_peek(&s.log) + 15, LOGIN, 154) == 0);
	CHECK(mux_room(s.m, 1) == MUX_WINDOW_MAX);
	CHECK(solo_said(&s, "0001 0002 00000001 00000000" PING0));
	buf_free(&b);
	solo_free(&s);
}

TEST(mux_client_says_what_a_server_reads)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	CHECK(solo_said(&s, ""));
	CHECK(mux_open(s.m, s.now) == 1);
	CHECK(solo_said(&s, "0001 0001 00000001 00000000" PING0));
	mux_write(s.m, 1, "hi", 2);
	CHECK(solo_said(&s, "0000 0000 00000001 00000002 6869"));
	CHECK(mux_open(s.m, s.now) == 3);
	CHECK(solo_said(&s, "0001 0001 00000003 00000000"));
	CHECK(solo_feed_hex(&s, "0001 0002 00000001 005c0000"
	    "0000 0000 00000003 00000006 68656c6c6f0a"
	    "0001 0004 00000003 00000000") == 0);
	CHECK_STR(solo_log(&s), "A1 D3:hello\n F3");
	mux_finish(s.m, s.now, 3);
	CHECK(solo_said(&s, "0001 0004 00000003 00000000"));
	CHECK(mux_streams(s.m) == 1);
	mux_reset(s.m, 1);
	CHECK(solo_said(&s, "0001 0008 00000001 00000000"));
	CHECK(mux_streams(s.m) == 0);
	solo_free(&s);
}

static void
play(enum mux_side side, const char *hex, size_t cut, size_t step,
    struct solo *s)
{
	struct buf b = {0};
	size_t i, n;

	*s = solo_new(side, NULL);
	if (side == MUX_CLIENT) {
		mux_open(s->m, s->now);
		mux_open(s->m, s->now);
		mux_finish(s->m, s->now, 3);
	}
	solo_hex(&b, hex);
	for (i = 0; i < buf_len(&b); i += n) {
		n = i ? step : cut;
		if (n == 0 || n > buf_len(&b) - i)
			n = buf_len(&b) - i;
		solo_feed(s, buf_peek(&b) + i, n);
	}
	buf_free(&b);
}

static void
check_splits(enum mux_side side, const char *hex, size_t len)
{
	struct solo whole, s;
	size_t cut;

	play(side, hex, 0, 0, &whole);
	CHECK(whole.r == 0 && buf_len(&whole.log) > 60);
	/* cut 1 goes on byte by byte, the others in one piece */
	for (cut = 1; cut < len; cut++) {
		play(side, hex, cut, cut == 1, &s);
		CHECK(s.r == 0 && mux_streams(s.m) == mux_streams(whole.m));
		CHECK(buf_len(&s.log) == buf_len(&whole.log) &&
		    memcmp(buf_peek(&s.log), buf_peek(&whole.log),
			buf_len(&s.log)) == 0);
		CHECK(buf_len(mux_out(s.m)) == buf_len(mux_out(whole.m)) &&
		    memcmp(buf_peek(mux_out(s.m)), buf_peek(mux_out(whole.m)),
			buf_len(mux_out(s.m))) == 0);
		solo_free(&s);
	}
	solo_free(&whole);
}

TEST(mux_reads_the_same_at_every_split_and_byte_by_byte)
{
	check_splits(MUX_SERVER, client_says, 189);
	check_splits(MUX_CLIENT, server_says, 140);
}

TEST(mux_waits_at_an_end_at_every_byte)
{
	struct buf b = {0};
	struct solo s;
	size_t n;

	solo_hex(&b, client_says);
	for (n = 0; n <= buf_len(&b); n++) {
		s = solo_new(MUX_SERVER, NULL);
		CHECK(solo_feed(&s, buf_peek(&b), n) == 0);
		CHECK(solo_next(&s) == 0);
		solo_free(&s);
	}
	buf_free(&b);
}

/* One row a thing that peers do, and what becomes of it.  Stream 1 is open. */
static const struct step {
	const char *hex, *events, *said;
	int r;
	const char *why;
} steps[] = {
	/* tolerated */
	{ "0001 0001 00000003 00000000", "O3",
	    "0001 0002 00000003 00000000", 0, "" },
	{ "0000 0001 00000003 00000002 6162", "O3 D3:ab",
	    "0001 0002 00000003 00000000", 0, "" },
	{ "0000 0005 00000003 00000002 6162", "O3 D3:ab F3",
	    "0001 0002 00000003 00000000", 0, "" },
	{ "0001 0009 00000003 00000000", "O3 X3",
	    "0001 0002 00000003 00000000", 0, "" },
	{ "0001 fff1 00000004 00000000", "O4",
	    "0001 0002 00000004 00000000", 0, "" },
	{ "0000 fff0 00000001 00000001 61", "D1:a", "", 0, "" },
	{ "0000 0000 00000001 00000000", "", "", 0, "" },
	{ "0000 0004 00000001 00000002 6162", "D1:ab F1", "", 0, "" },
	{ "0000 0004 00000001 00000000", "F1", "", 0, "" },
	{ "0001 0002 00000001 00000005", "", "", 0, "" },
	{ "0000 0000 00000007 00000002 6162 0000 0000 00000001 00000001 63",
	    "D1:c", "", 0, "" },
	{ "0001 0000 00000007 00000002 0001 0004 00000007 00000000"
	  "0001 0008 00000007 00000000 0001 0002 00000007 00000000",
	    "", "", 0, "" },
	{ "0001 0008 00000001 00000000 0000 0000 00000001 00000001 61",
	    "X1", "", 0, "" },
	{ "0000 0008 00000001 00000002 6162 0001 0001 00000003 00000000",
	    "X1 O3", "0001 0002 00000003 00000000", 0, "" },
	{ "0001 0008 00000001 00000000 0001 0001 00000001 00000000", "X1 O1",
	    "0001 0002 00000001 00000000", 0, "" },
	{ "0001 0004 00000001 00000000 0000 0000 00000001 00000002 6162"
	  "0001 0000 00000001 00000009", "F1", "", 0, "" },
	{ "0003 0000 00000000 00000000 0001 0001 00000003 00000000",
	    "G0 O3", "0001 0002 00000003 00000000", 0, "" },
	{ "0003 0000 00000000 00000000 0003 0000 00000000 00000000",
	    "G0", "", 0, "" },
	{ "0002 0001 00000000 deadbeef", "",
	    "0002 0002 00000000 deadbeef", 0, "" },
	{ "0002 0002 00000000 00000000", "P0", "", 0, "" },
	{ "0002 0002 00000000 00000001", "", "", 0, "" },
	{ "0001 0000 00000001 fffbffff", "", "", 0, "" },
	/* not so */
	{ "0001 0000 00000001 fffc0000", "", AWAY1, ERR_PROTO,
	    "stream 1: more credit than a window can hold" },
	{ "0001 0001 00000001 00000000", "", AWAY1, ERR_PROTO,
	    "stream 1 was opened twice" },
	{ "0001 0001 00000000 00000000", "", AWAY1, ERR_PROTO,
	    "stream 0 was opened by the peer" },
	{ "0001 0004 00000001 00000000 0001 0004 00000001 00000000", "F1",
	    AWAY1, ERR_PROTO, "stream 1 was ended twice" },
	{ "0001 0004 00000001 00000000 0000 0004 00000001 00000000", "F1",
	    AWAY1, ERR_PROTO, "stream 1 was ended twice" },
	{ "0000 0000 00000001 00040001", "", AWAY1, ERR_PROTO,
	    "stream 1: 262145 bytes where 262144 may be sent" },
	{ "0000 0001 00000003 00040001", "",
	    "0001 0002 00000003 00000000" AWAY1, ERR_PROTO,
	    "stream 3: 262145 bytes where 262144 may be sent" },
	{ "0004 0000 00000001 00000000", "", AWAY1, ERR_PROTO,
	    "frame of unknown type 4" },
	{ "01", "", AWAY1, ERR_PROTO, "frame of unknown version 1" },
	{ "0003 0000 00000000 00000001", "", "", ERR_RESET,
	    "peer ended the session: it saw a protocol error" },
	{ "0003 0000 00000000 00000002", "", "", ERR_RESET,
	    "peer ended the session: it failed inside" },
};

TEST(mux_tolerates_what_go_does_and_nothing_else)
{
	const struct step *t;
	struct solo s;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		t = &steps[i];
		s = solo_new(MUX_SERVER, NULL);
		solo_feed_hex(&s, "0001 0001 00000001 00000000");
		CHECK_STR(solo_log(&s), "O1");
		CHECK(solo_said(&s, "0001 0002 00000001 00000000" PING0));
		if (!CHECK(solo_feed_hex(&s, t->hex) == t->r))
			printf("    in step %zu, %s\n", i, mux_why(s.m));
		CHECK_STR(solo_log(&s), t->events);
		CHECK(solo_said(&s, t->said));
		CHECK_STR(mux_why(s.m), t->why);
		solo_free(&s);
	}
}

TEST(mux_broken_session_stays_broken_and_silent)
{
	struct solo s = solo_new(MUX_SERVER, NULL);

	solo_feed_hex(&s, "0001 0001 00000001 00000000");
	CHECK(solo_feed_hex(&s, "0009 0000 00000000 00000000"
	    "0000 0000 00000001 00000001 61") == ERR_PROTO);
	CHECK_STR(solo_log(&s), "O1");
	buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
	CHECK(solo_feed_hex(&s, "0002 0001 00000000 00000000") == ERR_PROTO);
	CHECK(mux_open(s.m, s.now) == 0 && mux_room(s.m, 1) == 0);
	mux_ping(s.m, s.now);
	mux_finish(s.m, s.now, 1);
	mux_tick(s.m, s.now + 1000000);
	mux_goaway(s.m, 0);
	mux_reset(s.m, 1);
	CHECK(mux_deadline(s.m) == UINT64_MAX);
	CHECK(solo_said(&s, "") && mux_streams(s.m) == 0);
	CHECK_STR(mux_why(s.m), "frame of unknown type 9");
	solo_free(&s);
}

TEST(mux_says_what_a_stranger_probably_is)
{
	static const struct {
		const char *bytes, *why;
	} t[] = {
		{ "o", "peer does not speak yamux (first byte 0x6f): "
		       "is tcpMux switched off on one side?" },
		{ "1", "peer does not speak yamux (first byte 0x31): "
		       "is tcpMux switched off on one side?" },
		{ "FRP", "peer does not speak yamux (first byte 0x46): "
			 "is tcpMux switched off on one side?" },
		{ "\x16\x03\x01", "peer does not speak yamux (first byte 0x16):"
				  " is TLS switched on at one side only?" },
		{ "\x17", "peer does not speak yamux (first byte 0x17): "
			  "is TLS switched on at one side only?" },
		{ "GET / HTTP/1.1", "peer does not speak yamux (first byte "
				    "0x47): is it an HTTP client or server?" },
		{ "\xff", "peer does not speak yamux (first byte 0xff): "
			  "is it frp at all?" },
	};
	struct solo s;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		s = solo_new(i & 1 ? MUX_SERVER : MUX_CLIENT, NULL);
		CHECK(solo_feed(&s, t[i].bytes, strlen(t[i].bytes)) < 0);
		CHECK_STR(mux_why(s.m), t[i].why);
		solo_free(&s);
	}
}
