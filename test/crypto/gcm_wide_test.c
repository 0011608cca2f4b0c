// SPDX-License-Identifier: MIT
/* Bit for bit what BearSSL makes of it. */
#include "crypto/gcm_wide.h"

#include "crypto/tls_internal.h"
#include "test/crypto/pair.h"

#define MAX_LEN 70000
#define MAX_OFF 64

static uint32_t
die(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

static void
fill(uint8_t *p, size_t n, uint32_t *x)
{
	while (n--)
		*p++ = (uint8_t)(die(x) >> 8);
}

static bool
have_wide(void)
{
	if (!gcm_wide_here())
		test_skip("no VAES and VPCLMULQDQ in this CPU");
	return gcm_wide_here();
}

/* First every length around the steps of both, then any. */
static size_t
some_len(int round, uint32_t *x)
{
	return round < 1100 ? (size_t)round : die(x) % (MAX_LEN + 1);
}

/* Runs whole and in pieces of whole blocks, each at its own address; beyond
 * its end nothing may change. */
static bool
ctr_agrees(const br_aes_gen_ctr_keys *wide, const br_aes_x86ni_ctr_keys *stock,
    const uint8_t *text, size_t len, uint32_t *x)
{
	static uint8_t a[MAX_LEN], room[MAX_LEN + MAX_OFF + 1];
	uint8_t *b = room + die(x) % MAX_OFF, iv[12];
	uint32_t cc = die(x), end, at_end;
	size_t at = 0, part;

	if (die(x) % 4 == 0)
		cc = 0 - cc % 600; /* wraps inside */
	fill(iv, sizeof(iv), x);
	memcpy(a, text, len);
	end = br_aes_x86ni_ctr_run(stock, iv, cc, a, len);
	memcpy(b, text, len);
	b[len] = 0xa5;
	at_end = wide->vtable->run(&wide->vtable, iv, cc, b, len);
	if (at_end != end || b[len] != 0xa5 || memcmp(a, b, len) != 0)
		return false;
	for (at_end = cc; at < len; at += part) {
		part = die(x) % 80 * 16;
		part = part < len - at ? part : len - at;
		at_end = wide->vtable->run(&wide->vtable, iv, at_end, b + at,
		    part);
	}
	return at_end == end && b[len] == 0xa5 && memcmp(text, b, len) == 0;
}

TEST(gcm_wide_ctr_is_that_of_bearssl)
{
	static const size_t key_lens[] = { 16, 24, 32 };
	static uint8_t text[MAX_LEN];
	br_aes_x86ni_ctr_keys stock;
	br_aes_gen_ctr_keys wide;
	uint8_t key[32];
	uint32_t x = 1;
	size_t key_len;
	int round;

	if (!have_wide())
		return;
	fill(text, sizeof(text), &x);
	for (round = 0; round < 1300; round++) {
		key_len = key_lens[die(&x) % 3];
		fill(key, sizeof(key), &x);
		br_aes_x86ni_ctr_init(&stock, key, key_len);
		gcm_wide_ctr.init(&wide.vtable, key, key_len);
		CHECK(wide.vtable == &gcm_wide_ctr);
		if (!CHECK(ctr_agrees(&wide, &stock, text,
		    some_len(round, &x), &x)))
			return;
	}
}

static bool
ghash_agrees(const uint8_t h[16], const uint8_t *p, size_t len, uint32_t *x)
{
	uint8_t a[16], b[16], c[16];
	size_t at, part;

	fill(a, sizeof(a), x);
	memcpy(b, a, 16);
	memcpy(c, a, 16);
	br_ghash_ctmul64(a, h, p, len);
	gcm_wide_ghash(b, h, p, len);
	for (at = 0; at < len; at += part) {
		part = die(x) % 80 * 16;
		part = part < len - at ? part : len - at;
		gcm_wide_ghash(c, h, p + at, part);
	}
	return memcmp(a, b, 16) == 0 && memcmp(a, c, 16) == 0;
}

/* The portable way is the measure. */
TEST(gcm_wide_ghash_is_that_of_bearssl)
{
	static uint8_t text[MAX_LEN + MAX_OFF];
	uint32_t x = 2;
	uint8_t h[16];
	int round;

	if (!have_wide())
		return;
	fill(text, sizeof(text), &x);
	for (round = 0; round < 1300; round++) {
		fill(h, sizeof(h), &x);
		if (!CHECK(ghash_agrees(h, text + die(&x) % MAX_OFF,
		    some_len(round, &x), &x)))
			return;
	}
}

/* Each carry there can be: H of one bit, of none and of all; data of ones. */
TEST(gcm_wide_ghash_carries)
{
	uint8_t h[16], ones[1024];
	uint32_t x = 3;
	int i;

	if (!have_wide())
		return;
	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i < 130; i++) {
		memset(h, i == 129 ? 0xff : 0, sizeof(h));
		if (i < 128)
			h[i / 8] = (uint8_t)(0x80 >> i % 8);
		CHECK(ghash_agrees(h, ones, sizeof(ones), &x));
		CHECK(ghash_agrees(h, ones, 239, &x));
	}
}

TEST(gcm_wide_leaves_alone_what_has_no_length)
{
	static const uint8_t key[16], iv[12];
	uint8_t y[16] = { 7 }, b[1] = { 8 };
	br_aes_gen_ctr_keys k;

	if (!have_wide())
		return;
	gcm_wide_ctr.init(&k.vtable, key, sizeof(key));
	CHECK(k.vtable->run(&k.vtable, iv, 5, b, 0) == 5);
	gcm_wide_ghash(y, key, b, 0);
	CHECK(y[0] == 7 && b[0] == 8);
}

static bool
carries(struct tls *from, struct tls *to, const uint8_t *p, size_t n)
{
	uint8_t *sealed = malloc(tls_seal_room(n));
	const uint8_t *text;
	size_t len, got = 0;
	bool same = true;

	tls_feed(to, sealed, tls_seal(from, sealed, p, n));
	while (tls_next(to, &text, &len) > 0) {
		same = same && memcmp(text, p + got, len) == 0;
		got += len;
	}
	free(sealed);
	return same && got == n;
}

/* On a CPU without it, all four are alike. */
TEST(gcm_wide_and_stock_ends_understand_each_other)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	};
	static const size_t sizes[] = { 1, 31, 32, 223, 224, 255, 1000, 2048,
		16383, 16384, 16385, MAX_LEN };
	static const struct tls_setup nothing;
	static uint8_t text[MAX_LEN];
	uint32_t x = 4;
	struct pair p;
	size_t i;
	int way;

	fill(text, sizeof(text), &x);
	for (way = 0; way < 8; way++) {
		pair_confs(&p, &nothing, &nothing);
		CHECK(p.cc->has_wide_aes == gcm_wide_here());
		CHECK(p.sc->has_wide_aes == gcm_wide_here());
		p.cc->has_wide_aes = p.cc->has_wide_aes && way & 1;
		p.sc->has_wide_aes = p.sc->has_wide_aes && way & 2;
		tls_conf_set_suites(p.cc, &suites[way / 4], 1);
		pair_connect(&p, NULL, NOW);
		CHECK(pair_shake(&p, 0));
		CHECK((p.c->out.gcm.bc.vtable == &gcm_wide_ctr) ==
		    p.cc->has_wide_aes);
		CHECK((p.s->in.gcm.gh == gcm_wide_ghash) ==
		    p.sc->has_wide_aes);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			CHECK(carries(p.c, p.s, text, sizes[i]));
			CHECK(carries(p.s, p.c, text, sizes[i]));
		}
		pair_free(&p);
	}
}
