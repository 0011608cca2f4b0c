// SPDX-License-Identifier: MIT
#include "core/filter_snappy.h"

#include "core/crc32c.h"
#include "core/err.h"
#include "test/crypto/hex.h"
#include "test/t.h"

#define ID "ff060000734e61507059"
#define HELLO "010a00005355ff5368656c6c6f0a"

/* Feeds piece bytes at a time, each from memory of its own; 0 or the error. */
static int
decode(struct filter_snappy *f, const uint8_t *p, size_t n, size_t piece,
    struct buf *to)
{
	struct span s;
	uint8_t *copy;
	size_t part;
	int r = 0;

	for (; n > 0 && r == 0; p += part, n -= part) {
		part = min_size(n, piece);
		copy = malloc(part);
		memcpy(copy, p, part);
		filter_snappy_feed(f, copy, part);
		while ((r = filter_snappy_next(f, &s)) > 0) {
			CHECK(s.n > 0);
			buf_put(to, s.p, s.n);
		}
		free(copy);
	}
	return r;
}

static int
decode_hex(const char *hex, struct buf *to, bool *whole)
{
	struct filter_snappy f = { 0 };
	uint8_t in[200];
	size_t n = hex_read(in, hex);
	int r = decode(&f, in, n, n ? n : 1, to);

	if (whole)
		*whole = filter_snappy_whole(&f);
	filter_snappy_release(&f);
	return r;
}

static void
gives(const char *hex, const char *want)
{
	struct buf b = { 0 };
	bool whole;

	CHECK(decode_hex(hex, &b, &whole) == 0 && whole);
	CHECK_STR(buf_text(&b), want);
	buf_free(&b);
}

static void
breaks(const char *hex)
{
	struct buf b = { 0 };

	if (!CHECK(decode_hex(hex, &b, NULL) == ERR_PROTO))
		printf("    %s\n", hex);
	buf_free(&b);
}

TEST(filter_snappy_makes_the_known_bytes)
{
	struct filter_snappy f = { 0 };
	struct buf out = { 0 };
	uint8_t want[64], many[100];
	size_t n = hex_read(want, ID HELLO);

	filter_snappy_encode(&f, &out, "x", 0);
	CHECK(buf_len(&out) == 0);
	filter_snappy_encode(&f, &out, "hello\n", 6);
	CHECK(buf_len(&out) == n && memcmp(buf_peek(&out), want, n) == 0);
	buf_take(&out, n);
	memset(many, 'a', sizeof(many));
	filter_snappy_encode(&f, &out, many, sizeof(many));
	n = hex_read(want, "000d00001fa8b5fd640061fe01008a0100");
	CHECK(buf_len(&out) == n && memcmp(buf_peek(&out), want, n) == 0);
	buf_free(&out);
	filter_snappy_release(&f);
}

TEST(filter_snappy_reads_what_any_peer_may_send)
{
	gives("", "");
	gives(ID, "");
	gives(ID HELLO, "hello\n");
	gives(ID ID HELLO ID HELLO, "hello\nhello\n");
	gives(ID "80030000414243" HELLO, "hello\n"); /* to be skipped */
	gives(ID "fe000000" HELLO, "hello\n");
	gives(ID "01040000d8ea82a2" HELLO, "hello\n"); /* no bytes at all */
	gives(ID "00050000d8ea82a200" HELLO, "hello\n");
}

TEST(filter_snappy_breaks_on_what_no_peer_may_send)
{
	breaks(HELLO);		     /* no identifier */
	breaks("80000000" ID HELLO); /* not the first */
	breaks("ff050000734e615070");
	breaks("ff070000734e6150705900");
	breaks("ff060000734e61507058");
	breaks(ID "02000000");
	breaks(ID "7f000000");
	breaks(ID "010a00005355ff5268656c6c6f0a"); /* the sum */
	breaks(ID "010a00005355ff5368656c6c6f0b");
	breaks(ID "01030000"); /* too short for a sum */
	breaks(ID "00040000"); /* for a sum and a length */
	breaks(ID "01050001"); /* 65537 + 4 bytes, refused before they come */
	breaks(ID "00cf2a01"); /* 76490 + 4 is the longest */
	breaks(ID "80cf2a01");
	breaks(ID "00070000d8ea82a2" "818004"); /* 65537 bytes inside */
	breaks(ID "00090000d8ea82a2" "ffffffff0f");
	breaks(ID "00060000d8ea82a2" "0361");
}

TEST(filter_snappy_waits_at_every_limit)
{
	struct buf b = { 0 };
	bool whole;

	CHECK(decode_hex(ID "01040001", &b, &whole) == 0 && !whole);
	CHECK(decode_hex(ID "00ce2a01", &b, &whole) == 0 && !whole);
	CHECK(decode_hex(ID "80ce2a01", &b, &whole) == 0 && !whole);
	CHECK(decode_hex(ID "81", &b, &whole) == 0 && !whole);
	CHECK(buf_len(&b) == 0);
	buf_free(&b);
}

TEST(filter_snappy_errors_stay)
{
	struct filter_snappy f = { 0 };
	struct buf b = { 0 };
	uint8_t good[64];
	size_t n = hex_read(good, ID HELLO);

	CHECK(decode(&f, (const uint8_t *)"GET /", 5, 5, &b) == ERR_PROTO);
	CHECK(decode(&f, good, n, n, &b) == ERR_PROTO);
	CHECK(buf_len(&b) == 0 && !filter_snappy_whole(&f));
	buf_free(&b);
	filter_snappy_release(&f);
}

/* The same stream for the tests of cuts: small and large, noise and words. */
static void
make_stream(struct buf *wire, struct buf *plain)
{
	static const size_t sizes[] = { 1, 17, 300, 66000, 5, 131073, 2 };
	struct filter_snappy f = { 0 };
	uint32_t seed = 3;
	size_t i, j;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *p = buf_room(plain, sizes[i]);

		for (j = 0; j < sizes[i]; j++) {
			seed = seed * 1664525u + 1013904223u;
			p[j] = (uint8_t)(seed >> 24);
			if (i % 2 == 0)
				p[j] = (uint8_t)"abcd"[j / 9 % 4];
		}
		filter_snappy_encode(&f, wire, p, sizes[i]);
		buf_added(plain, sizes[i]);
	}
	filter_snappy_release(&f);
}

TEST(filter_snappy_gives_the_same_however_it_is_cut)
{
	static const size_t pieces[] = { 1, 2, 3, 4, 5, 7, 64, 1000, 65535,
		65536, 65544, 100000, 1000000 };
	struct buf wire = { 0 }, plain = { 0 };
	size_t i;

	make_stream(&wire, &plain);
	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct filter_snappy f = { 0 };
		struct buf got = { 0 };

		CHECK(decode(&f, buf_peek(&wire), buf_len(&wire), pieces[i],
		    &got) == 0);
		CHECK(filter_snappy_whole(&f));
		CHECK(buf_len(&got) == buf_len(&plain) &&
		    memcmp(buf_peek(&got), buf_peek(&plain),
		    buf_len(&plain)) == 0);
		CHECK(!f.held.data && !f.plain.data);
		buf_free(&got);
		filter_snappy_release(&f);
	}
	buf_free(&wire);
	buf_free(&plain);
}

TEST(filter_snappy_gives_the_same_at_every_split_and_end)
{
	uint8_t in[200];
	size_t n = hex_read(in, ID HELLO "800200000102"
	    "000d00001fa8b5fd640061fe01008a0100" HELLO), cut;

	for (cut = 0; cut <= n; cut++) {
		struct filter_snappy f = { 0 };
		struct buf got = { 0 };
		bool edge = cut == 0 || cut == 10 || cut == 24 || cut == 30 ||
		    cut == 47 || cut == n;

		CHECK(decode(&f, in, cut, 300, &got) == 0);
		CHECK(filter_snappy_whole(&f) == edge);
		CHECK(decode(&f, in + cut, n - cut, 300, &got) == 0);
		CHECK(filter_snappy_whole(&f) && buf_len(&got) == 112);
		buf_free(&got);
		filter_snappy_release(&f);
	}
}

TEST(filter_snappy_lends_whole_plain_chunks_from_what_was_fed)
{
	struct filter_snappy f = { 0 };
	uint8_t in[64];
	size_t n = hex_read(in, ID HELLO);
	struct span s;

	filter_snappy_feed(&f, in, n);
	CHECK(filter_snappy_next(&f, &s) == 1);
	CHECK(s.p == in + 18 && s.n == 6);
	CHECK(filter_snappy_next(&f, &s) == 0);
	CHECK(!f.held.data);
	filter_snappy_release(&f);
}

TEST(filter_snappy_holds_no_more_than_came)
{
	struct filter_snappy f = { 0 };
	struct buf b = { 0 };
	uint8_t in[64];
	size_t n = hex_read(in, ID "01040001" "00000000" "414243");

	CHECK(decode(&f, in, n, n, &b) == 0);
	CHECK(f.held.cap <= 64 && !f.plain.data);
	filter_snappy_release(&f);
	buf_free(&b);
}

TEST(filter_snappy_chunks_are_at_most_65536_and_compressed_only_if_it_pays)
{
	struct filter_snappy f = { 0 };
	struct buf out = { 0 };
	uint8_t *p = calloc(1, 65537);

	filter_snappy_encode(&f, &out, p, 65537);
	CHECK(buf_peek(&out)[10] == 0);
	CHECK(buf_len(&out) > 9 && memcmp(buf_peek(&out) + buf_len(&out) - 9,
	    "\x01\x05\0\0", 4) == 0);
	free(p);
	buf_free(&out);
	filter_snappy_release(&f);
}
