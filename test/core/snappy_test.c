// SPDX-License-Identifier: MIT
#include "core/snappy.h"

#include "core/crc32c.h"
#include "core/err.h"
#include "test/crypto/hex.h"
#include "test/t.h"

static uint32_t
dice(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* kind: 0 one letter, 1 words, 2 noise, 3 noise that comes back from afar */
static void
fill(uint8_t *p, size_t n, int kind)
{
	static const char *const words[] = { "alpha ", "beta ", "gamma, ",
		"delta\n", "epsilon", "0000", "the ", "a" };
	uint32_t seed = 7;
	const char *w;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = kind == 0 ? 'a' : (uint8_t)dice(&seed);
	for (i = 0; kind == 1 && i < n;)
		for (w = words[dice(&seed) % 8]; *w && i < n; w++)
			p[i++] = (uint8_t)*w;
	for (i = 300; kind == 3 && i < n; i++)
		p[i] = p[i - 300];
}

static bool
back_and_forth(const uint8_t *p, size_t n, size_t *len)
{
	uint8_t *mid = malloc(SNAPPY_BOUND(n)), *end = malloc(n + 1);
	size_t head = 0;
	bool good;

	*len = snappy_encode(mid, SNAPPY_BOUND(n), p, n);
	good = *len > 0 && snappy_len(mid, *len, &head) == (int64_t)n &&
	    snappy_decode(end, n, mid + head, *len - head) == 0 &&
	    memcmp(end, p, n) == 0;
	free(mid);
	free(end);
	return good;
}

TEST(crc32c_is_the_known_one)
{
	uint8_t p[300];
	size_t i, cut;

	CHECK(crc32c(0, "123456789", 9) == 0xe3069283);
	CHECK(crc32c_table(0, "123456789", 9) == 0xe3069283);
	memset(p, 0, 32);
	CHECK(crc32c_table(0, p, 32) == 0x8a9136aa); /* RFC 3720, B.4 */
	memset(p, 0xff, 32);
	CHECK(crc32c(0, p, 32) == 0x62a8ab43);
	CHECK(crc32c(0, NULL, 0) == 0);
	for (i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(i * 41 + i / 7);
	for (cut = 0; cut <= sizeof(p); cut++) {
		uint32_t a = crc32c(0, p, cut);

		CHECK(a == crc32c_table(0, p, cut));
		CHECK(crc32c(a, p + cut, sizeof(p) - cut) ==
		    crc32c_table(0, p, sizeof(p)));
	}
}

TEST(snappy_gives_back_what_it_took_at_every_length)
{
	uint8_t *p = malloc(SNAPPY_BLOCK_MAX);
	size_t n, len;
	int kind;

	for (kind = 0; kind < 4; kind++) {
		fill(p, SNAPPY_BLOCK_MAX, kind);
		for (n = 0; n < 600; n++)
			CHECK(back_and_forth(p, n, &len));
		for (n = 600; n <= SNAPPY_BLOCK_MAX; n += n / 3)
			CHECK(back_and_forth(p, n, &len));
		CHECK(back_and_forth(p, SNAPPY_BLOCK_MAX, &len));
		CHECK(kind != 0 || len < 3300);
		CHECK(kind != 1 || len < SNAPPY_BLOCK_MAX / 2);
		CHECK(kind != 2 || len < SNAPPY_BLOCK_MAX + 16);
		CHECK(kind != 3 || len < 6000);
	}
	free(p);
}

TEST(snappy_encodes_as_the_known_one_does)
{
	uint8_t in[100], out[SNAPPY_BOUND(100)], want[16];
	size_t n = hex_read(want, "64" "0061" "fe0100" "8a0100");

	memset(in, 'a', sizeof(in));
	CHECK(snappy_encode(out, sizeof(out), in, sizeof(in)) == n);
	CHECK(memcmp(out, want, n) == 0);
}

TEST(snappy_encoder_keeps_to_its_room)
{
	uint8_t *p = malloc(4000), *out;
	size_t cap, len, got;
	int kind;

	for (kind = 0; kind < 4; kind++) {
		fill(p, 4000, kind);
		back_and_forth(p, 4000, &len);
		for (cap = 0; cap < len + 10; cap++) {
			out = malloc(cap ? cap : 1);
			got = snappy_encode(out, cap, p, 4000);
			CHECK(got == 0 || (got == len && cap >= len));
			CHECK(got == len || cap < len + 20);
			free(out);
		}
	}
	free(p);
}

/* The text is a whole block; len what must come out, or <0. */
static void
decodes(const char *hex, const char *want)
{
	uint8_t in[64], *p, out[200];
	size_t n = hex_read(in, hex), head = 0;
	int64_t len;
	int r = ERR_PROTO;

	p = malloc(n ? n : 1); /* so that a read past the end is seen */
	memcpy(p, in, n);
	len = snappy_len(p, n, &head);
	if (len >= 0 && len < 200)
		r = snappy_decode(out, (size_t)len, p + head, n - head);
	if (!want)
		CHECK(r == ERR_PROTO);
	else
		CHECK(r == 0 && (size_t)len == strlen(want) &&
		    memcmp(out, want, (size_t)len) == 0);
	free(p);
}

TEST(snappy_decodes_every_kind_of_element)
{
	decodes("00", "");
	decodes("03" "08616263", "abc");
	decodes("03" "f002616263", "abc");	 /* length in 1 byte more … */
	decodes("03" "f40200616263", "abc");	 /* … in 2 … */
	decodes("03" "f8020000616263", "abc");	 /* … in 3 … */
	decodes("03" "fc02000000616263", "abc"); /* … in 4 */
	decodes("07" "08616263" "0103", "abcabca");
	decodes("06" "08616263" "0a0300", "abcabc");
	decodes("06" "08616263" "0b03000000", "abcabc");
	decodes("05" "0061" "0101", "aaaaa");
	decodes("8000", ""); /* a longer number than needed */
	decodes("13" "08616263" "3e0300", "abcabcabcabcabcabca");
}

TEST(snappy_refuses_what_is_no_block)
{
	static const char *const bad[] = {
		"", "80", "8080808080", "ffffffff1f", /* length */
		"03", "03" "086162", "03" "08", "02" "08616263",
		"04" "08616263", "03" "f0", "03" "f4ff", "03" "f8ffff",
		"03" "fcffffffff", "03" "fcffffff",
		"07" "08616263" "0100", /* offset 0 */
		"07" "08616263" "0104", "07" "08616263" "01",
		"06" "08616263" "0a0000", "06" "08616263" "0a0400",
		"06" "08616263" "0a03", "06" "08616263" "0b030000",
		"06" "08616263" "0b03000080", "06" "08616263" "0bffffffff",
		"06" "08616263" "0b00000000", "05" "08616263" "0a0300",
		"04" "0101",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		decodes(bad[i], NULL);
}

TEST(snappy_refuses_every_block_that_ends_early)
{
	uint8_t in[500], mid[SNAPPY_BOUND(500)], out[500], *copy;
	size_t len, head, n;
	int kind;

	for (kind = 0; kind < 4; kind++) {
		fill(in, sizeof(in), kind);
		len = snappy_encode(mid, sizeof(mid), in, sizeof(in));
		snappy_len(mid, len, &head);
		for (n = head; n < len; n++) {
			copy = malloc(n - head + 1);
			memcpy(copy, mid + head, n - head);
			CHECK(snappy_decode(out, sizeof(out), copy,
			    n - head) == ERR_PROTO);
			free(copy);
		}
	}
}
