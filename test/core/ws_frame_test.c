// SPDX-License-Identifier: MIT
#include "core/ws_frame.h"

#include "core/bytes.h"
#include "core/err.h"
#include "test/crypto/hex.h"
#include "test/t.h"

static const uint8_t key[] = { 0x37, 0xfa, 0x21, 0x3d };

/* Feeds piece bytes at a time; all data goes to `to`, the last code to code. */
static int
drive(struct ws_frame *w, const uint8_t *p, size_t n, size_t piece,
    struct buf *to, unsigned *code)
{
	struct ws_frame_event ev;
	size_t part;
	uint8_t *copy;
	int r = 0;

	for (; n > 0 && r == 0; p += part, n -= part) {
		part = min_size(n, piece);
		copy = malloc(part);
		memcpy(copy, p, part);
		ws_frame_feed(w, copy, part);
		while ((r = ws_frame_next(w, &ev)) > 0) {
			if (ev.type == WS_FRAME_CLOSE) {
				*code = ev.code;
				continue;
			}
			CHECK(ev.n > 0 && ev.p >= copy &&
			    ev.p + ev.n <= copy + part);
			buf_put(to, ev.p, ev.n);
		}
		free(copy);
	}
	return r;
}

/* What one side makes of these bytes: its verdict, data and answer. */
static void
reads(bool server, const char *hex, int want, const char *data,
    const char *answer, unsigned want_code)
{
	uint8_t in[512];
	size_t n = hex_read(in, hex), piece;

	for (piece = 1; piece <= n; piece++) {
		struct buf got = { 0 };
		struct ws_frame w;
		unsigned code = 0;

		ws_frame_init(&w, server, key);
		CHECK(drive(&w, in, n, piece, &got, &code) == want);
		CHECK(code == want_code);
		CHECK_STR(buf_text(&got), data);
		if (!CHECK(hex_is((uint8_t *)buf_text(&w.out),
		    buf_len(&w.out), answer)))
			printf("    %s\n", hex);
		/* whatever it was, it stays so */
		if (want < 0)
			CHECK(drive(&w, in, n, piece, &got, &code) == want);
		buf_free(&got);
		ws_frame_release(&w);
	}
}

TEST(ws_frame_reads_the_frames_of_the_rfc)
{
	reads(false, "810548656c6c6f", 0, "Hello", "", 0);
	reads(true, "818537fa213d7f9f4d5158", 0, "Hello", "", 0);
	reads(false, "010348656c80026c6f", 0, "Hello", "", 0);
	reads(false, "890548656c6c6f", 0, "", "8a8537fa213d7f9f4d5158", 0);
	reads(true, "898537fa213d7f9f4d5158", 0, "", "8a0548656c6c6f", 0);
	reads(true, "8a8537fa213d7f9f4d5158", 0, "", "", 0);
}

TEST(ws_frame_takes_text_binary_and_continuation_alike)
{
	reads(false, "820161" "800162" "810163" "0001640000", 0, "abcd", "",
	    0);
	/* a ping between two parts */
	reads(false, "020161" "8900" "800162", 0, "ab", "8a8037fa213d", 0);
	reads(false, "8200" "8100" "820161", 0, "a", "", 0);
}

TEST(ws_frame_takes_lengths_longer_than_needed)
{
	reads(false, "827e0001" "61", 0, "a", "", 0);
	reads(false, "827f0000000000000001" "61", 0, "a", "", 0);
	reads(false, "827f0000000000000000" "820162", 0, "b", "", 0);
	reads(false, "827f7fffffffffffffff" "61", 0, "a", "", 0);
	reads(false, "827f8000000000000000", ERR_PROTO, "",
	    "888237fa213d3410", 0);
}

TEST(ws_frame_refuses_what_its_side_may_not_get)
{
	reads(true, "820161", ERR_PROTO, "", "880203ea", 0);
	reads(false, "828100000000" "61", ERR_PROTO, "", "888237fa213d3410",
	    0);
	reads(false, "c20161", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "a20161", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "920161", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "830161", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "870161", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "8b00", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "8f00", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "0900", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "897e", ERR_PROTO, "", "888237fa213d3410", 0);
	reads(false, "887f", ERR_PROTO, "", "888237fa213d3410", 0);
	/* what came before it is given out */
	reads(false, "820161" "8b00", ERR_PROTO, "a", "888237fa213d3410", 0);
}

TEST(ws_frame_answers_a_close_with_a_close)
{
	reads(true, "888200000000" "03e8", ERR_EOF, "", "880203e8", 1000);
	reads(false, "880203e8" "820161", ERR_EOF, "", "888237fa213d3412",
	    1000);
	reads(false, "8800", ERR_EOF, "", "888037fa213d", 1005);
	reads(true, "888700000000" "03e9" "627965" "2121", ERR_EOF, "",
	    "880203e9", 1001);
	reads(true, "888100000000" "03", ERR_PROTO, "", "880203ea", 0);
	reads(true, "888200000000" "03ed", ERR_PROTO, "", "880203ea", 0);
	reads(true, "888200000000" "0000", ERR_PROTO, "", "880203ea", 0);
	reads(true, "888200000000" "1387", ERR_EOF, "", "88021387", 4999);
	reads(true, "888200000000" "1388", ERR_PROTO, "", "880203ea", 0);
}

TEST(ws_frame_closes_once_and_then_answers_no_more)
{
	struct buf got = { 0 };
	struct ws_frame w;
	unsigned code = 0;

	ws_frame_init(&w, true, key);
	ws_frame_close(&w, WS_FRAME_NORMAL);
	ws_frame_close(&w, WS_FRAME_NORMAL);
	CHECK(hex_is(buf_peek(&w.out), buf_len(&w.out), "880203e8"));
	CHECK(drive(&w, (const uint8_t *)"\x89\x80\0\0\0\0", 6, 6, &got,
	    &code) == 0);
	CHECK(drive(&w, (const uint8_t *)"\x82\x81\0\0\0\0a", 7, 7, &got,
	    &code) == 0 && buf_len(&got) == 1);
	CHECK(drive(&w, (const uint8_t *)"\x88\x80\0\0\0\0", 6, 6, &got,
	    &code) == ERR_EOF && code == WS_FRAME_NO_CODE);
	CHECK(buf_len(&w.out) == 4);
	buf_free(&got);
	ws_frame_release(&w);
}

TEST(ws_frame_answers_to_pings_do_not_pile_up)
{
	struct buf got = { 0 };
	struct ws_frame w;
	uint8_t ping[2 + 125] = { 0x89, 125 };
	unsigned code = 0;
	int i;

	ws_frame_init(&w, false, key);
	for (i = 0; i < 100; i++)
		CHECK(drive(&w, ping, sizeof(ping), 200, &got, &code) == 0);
	CHECK(buf_len(&w.out) >= WS_FRAME_OUT_MAX &&
	    buf_len(&w.out) < WS_FRAME_OUT_MAX + 131);
	ping[1] = 126;
	CHECK(drive(&w, ping, sizeof(ping), 200, &got, &code) == ERR_PROTO);
	buf_free(&got);
	ws_frame_release(&w);
}

/* Every length's form, both ways round, in pieces of every kind. */
TEST(ws_frame_gives_back_what_was_put)
{
	static const size_t sizes[] = { 1, 125, 126, 127, 65535, 65536, 70001 };
	static const size_t pieces[] = { 1, 3, 7, 8, 33, 4096, 200000 };
	uint8_t *p = malloc(70001);
	size_t i, j;
	int server;

	for (i = 0; i < 70001; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
	for (server = 0; server < 2; server++)
		for (j = 0; j < 7; j++) {
			struct buf wire = { 0 }, got = { 0 };
			struct ws_frame w;
			unsigned code;
			size_t sum = 0;

			ws_frame_init(&w, server, key);
			ws_frame_put(&wire, p, 0, server ? key : NULL);
			CHECK(buf_len(&wire) == 0);
			for (i = 0; i < 7; sum += sizes[i++])
				ws_frame_put(&wire, p, sizes[i],
				    server ? key : NULL);
			CHECK(drive(&w, buf_peek(&wire), buf_len(&wire),
			    pieces[j], &got, &code) == 0);
			CHECK(buf_len(&got) == sum);
			for (i = 0; i < 7; i++) {
				CHECK(memcmp(buf_peek(&got), p,
				    sizes[i]) == 0);
				buf_take(&got, sizes[i]);
			}
			buf_free(&wire);
			buf_free(&got);
			ws_frame_release(&w);
		}
	free(p);
}

TEST(ws_frame_masks_alike_from_any_place)
{
	uint8_t p[200], q[200];
	size_t from, n, i;

	for (from = 0; from < 70; from++)
		for (n = 0; from + n <= 150; n++) {
			for (i = 0; i < sizeof(p); i++)
				p[i] = q[i] = (uint8_t)i;
			for (i = from; i < from + n; i++)
				q[i] ^= key[i & 3];
			ws_frame_mask(p + from, n, key, from);
			CHECK(memcmp(p, q, sizeof(p)) == 0);
		}
}

TEST(ws_frame_heads_are_the_shortest)
{
	uint8_t to[WS_FRAME_HEAD_MAX];

	CHECK(hex_is(to, ws_frame_head(to, 125, NULL), "827d"));
	CHECK(hex_is(to, ws_frame_head(to, 126, NULL), "827e007e"));
	CHECK(hex_is(to, ws_frame_head(to, 65535, key), "82feffff37fa213d"));
	CHECK(hex_is(to, ws_frame_head(to, 65536, key),
	    "82ff000000000001000037fa213d"));
}
