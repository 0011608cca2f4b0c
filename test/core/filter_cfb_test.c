// SPDX-License-Identifier: MIT
#include "core/filter_cfb.h"

#include "core/bytes.h"
#include "test/crypto/hex.h"
#include "test/t.h"

static void
counting(uint8_t iv[CFB_IV_LEN], uint8_t from)
{
	int i;

	for (i = 0; i < CFB_IV_LEN; i++)
		iv[i] = (uint8_t)(from + i);
}

static void
make(struct filter_cfb *f, const char *token, uint8_t from)
{
	uint8_t iv[CFB_IV_LEN];

	counting(iv, from);
	filter_cfb_init(f, token, iv);
}

/* The snappy frame of "hello\n", and what it is on the wire. */
#define PLAIN	"ff060000734e61507059" "010a00005355ff53" "68656c6c6f0a"
#define SEALED                                                     \
	"202122232425262728292a2b2c2d2e2f"                         \
	"c48f5c09784bf1b3b15feffae2ff70d22bb4a7c7816ed1c2"

TEST(cfb_filter_writes_the_known_stream_however_it_is_cut)
{
	uint8_t plain[64];
	size_t n = hex_read(plain, PLAIN), a, b;

	for (a = 0; a <= n; a++)
		for (b = a; b <= n; b++) {
			struct buf out = { 0 };
			struct filter_cfb f;

			make(&f, "s3cret", 0x20);
			filter_cfb_encode(&f, &out, plain, a);
			filter_cfb_encode(&f, &out, plain + a, b - a);
			filter_cfb_encode(&f, &out, plain + b, n - b);
			CHECK(hex_is(buf_peek(&out), buf_len(&out), SEALED));
			buf_free(&out);
			filter_cfb_release(&f);
		}
}

TEST(cfb_filter_reads_the_known_stream_in_pieces_of_every_size)
{
	uint8_t sealed[64];
	size_t n = hex_read(sealed, SEALED), size, at;

	for (size = 1; size <= n; size++) {
		struct buf got = { 0 };
		struct filter_cfb f;

		make(&f, "s3cret", 0);
		for (at = 0; at < n; at += size) {
			size_t part = min_size(size, n - at), plain;
			uint8_t *piece = malloc(part);

			memcpy(piece, sealed + at, part);
			plain = filter_cfb_decode(&f, piece, part);
			/* the IV is gone, all else is here */
			CHECK(plain == (at + part <= 16 ? 0 :
				  min_size(part, at + part - 16)));
			buf_put(&got, piece + (part - plain), plain);
			free(piece);
		}
		CHECK(hex_is(buf_peek(&got), buf_len(&got), PLAIN));
		buf_free(&got);
		filter_cfb_release(&f);
	}
}

TEST(cfb_filter_sends_no_iv_before_there_is_something_to_say)
{
	struct buf out = { 0 };
	struct filter_cfb f;

	make(&f, "s3cret", 0);
	filter_cfb_encode(&f, &out, NULL, 0);
	CHECK(buf_len(&out) == 0 && out.data == NULL);
	filter_cfb_encode(&f, &out, "x", 1);
	CHECK(buf_len(&out) == 17);
	filter_cfb_encode(&f, &out, "y", 1);
	CHECK(buf_len(&out) == 18);
	buf_free(&out);
	filter_cfb_release(&f);
}

TEST(cfb_filter_reads_nothing_from_nothing)
{
	uint8_t iv[17] = { 0 };
	struct filter_cfb f;

	make(&f, "s3cret", 0);
	CHECK(filter_cfb_decode(&f, NULL, 0) == 0);
	CHECK(filter_cfb_decode(&f, iv, 16) == 0);
	CHECK(f.in != NULL);
	CHECK(filter_cfb_decode(&f, NULL, 0) == 0);
	CHECK(filter_cfb_decode(&f, iv, 1) == 1);
	filter_cfb_release(&f);
}

/* Both ways by turns, in pieces of odd sizes. */
TEST(cfb_filter_keeps_its_directions_apart)
{
	struct filter_cfb end[2];
	struct buf wire[2] = { { 0 } }, sent[2] = { { 0 } }, got[2] = { { 0 } };
	int i, d;

	make(&end[0], "t", 1);
	make(&end[1], "t", 101);
	for (i = 0; i < 500; i++) {
		uint8_t text[40];
		size_t n = (size_t)(i * 7 % 40);

		d = i % 3 == 0;
		memset(text, i, sizeof(text));
		buf_put(&sent[d], text, n);
		filter_cfb_encode(&end[d], &wire[d], text, n);
		d = i % 5 == 0;
		n = i < 490 ? min_size(buf_len(&wire[d]), (size_t)(i % 31)) :
			      buf_len(&wire[d]);
		if (n) {
			uint8_t *p = (uint8_t *)buf_text(&wire[d]);
			size_t plain = filter_cfb_decode(&end[!d], p, n);

			buf_put(&got[d], p + (n - plain), plain);
			buf_take(&wire[d], n);
		}
	}
	for (d = 0; d < 2; d++) {
		CHECK(buf_len(&got[d]) > 1000);
		CHECK(buf_len(&got[d]) <= buf_len(&sent[d]));
		CHECK(memcmp(buf_peek(&got[d]), buf_peek(&sent[d]),
			  buf_len(&got[d])) == 0);
		filter_cfb_release(&end[d]);
		buf_free(&wire[d]);
		buf_free(&sent[d]);
		buf_free(&got[d]);
	}
}

TEST(cfb_filter_leaves_no_key_behind)
{
	static const struct filter_cfb nothing;
	struct filter_cfb f;

	make(&f, "s3cret", 0);
	filter_cfb_release(&f);
	CHECK(memcmp(&f, &nothing, sizeof(f)) == 0);
	filter_cfb_release(&f);
}
