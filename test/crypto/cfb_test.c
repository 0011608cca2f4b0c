// SPDX-License-Identifier: MIT
#include "crypto/cfb.h"
#include "crypto/cfb_internal.h"
#include "test/crypto/hex.h"
#include "test/t.h"

#include <bearssl.h>

#define KEY "98d40315f7ae4d22a12d1f4879bd5ca9"
#define IV0 "000102030405060708090a0b0c0d0e0f"

static struct cfb *
open_hex(const char *key, const char *iv, bool fast)
{
	uint8_t k[CFB_KEY_LEN], v[CFB_IV_LEN];

	hex_read(k, key);
	hex_read(v, iv);
	return cfb_new_with(k, v, fast);
}

static bool
has_aes(void)
{
	return br_aes_x86ni_cbcenc_get_vtable() != NULL;
}

static void
fill(uint8_t *p, size_t n, uint32_t x)
{
	while (n--) {
		x = x * 1664525 + 1013904223;
		*p++ = (uint8_t)(x >> 24);
	}
}

/* NIST SP 800-38A, F.3.13 */
TEST(cfb_agrees_with_the_known_answers)
{
	static const char plain[] =
	    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
	static const char sealed[] =
	    "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
	    "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6";
	uint8_t b[64];
	struct cfb *c;
	int fast;

	for (fast = 0; fast <= has_aes(); fast++) {
		c = open_hex("2b7e151628aed2a6abf7158809cf4f3c", IV0, fast);
		hex_read(b, plain);
		cfb_encrypt(c, b, sizeof(b));
		CHECK(hex_is(b, sizeof(b), sealed));
		cfb_free(c);
		c = open_hex("2b7e151628aed2a6abf7158809cf4f3c", IV0, fast);
		cfb_decrypt(c, b, sizeof(b));
		CHECK(hex_is(b, sizeof(b), plain));
		cfb_free(c);
	}
}

/* Recorded from a real session with token s3cret. */
TEST(cfb_reads_the_two_directions_of_a_control_stream)
{
	static const char new_proxy[] = "p\0\0\0\0\0\0\0\x3a"
	    "{\"proxy_name\":\"ssh\",\"proxy_type\":\"tcp\","
	    "\"remote_port\":6000}";
	static const char resp[] = "2\0\0\0\0\0\0\0\x2a"
	    "{\"proxy_name\":\"ssh\",\"remote_addr\":\":6000\"}";
	uint8_t b[128];
	struct cfb *c;
	size_t n;

	c = open_hex(KEY, IV0, false);
	n = hex_read(b,
	    "eb7848b3103aeeb19caaa036c6edef44f5528993a39e4c5d00cbbf72ab3a6854"
	    "70b8522fe080298536eb08d1b37c71b309c191d5a59c5ed4dce2890e523c1054"
	    "57db70");
	cfb_decrypt(c, b, n);
	CHECK(n == sizeof(new_proxy) - 1 && memcmp(b, new_proxy, n) == 0);
	cfb_free(c);

	c = open_hex(KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", has_aes());
	memcpy(b, "r\0\0\0\0\0\0\0\2{}", 11);
	cfb_encrypt(c, b, 11);
	CHECK(hex_is(b, 11, "e4dbb33d410e4e2362ecd4"));
	memcpy(b, resp, sizeof(resp) - 1);
	cfb_encrypt(c, b, sizeof(resp) - 1);
	CHECK(hex_is(b, 51,
	    "0f0ca3025a994ad5603e98e611e3689f9a866de78b20cb32b73fce83a221dda5"
	    "a94deb5eb898c9d3504cbf513209b340915f36"));
	memcpy(b, "r\0\0\0\0\0\0\0\2{}", 11);
	cfb_encrypt(c, b, 11);
	CHECK(hex_is(b, 11, "e608c499205e55bbf6fc8c"));
	cfb_free(c);
}

TEST(cfb_reads_a_compressed_payload)
{
	uint8_t b[24];
	struct cfb *c;

	c = open_hex(KEY, "202122232425262728292a2b2c2d2e2f", has_aes());
	hex_read(b, "c48f5c09784bf1b3b15feffae2ff70d22bb4a7c7816ed1c2");
	cfb_decrypt(c, b, sizeof(b));
	CHECK(memcmp(b, "\xff\x06\0\0sNaPpY\x01\x0a\0\0", 14) == 0);
	CHECK(memcmp(b + 18, "hello\n", 6) == 0);
	cfb_free(c);
}

TEST(cfb_does_not_care_where_the_bytes_were_cut)
{
	uint8_t plain[300], whole[300], b[300];
	struct cfb *c;
	size_t cut;
	int fast;

	fill(plain, sizeof(plain), 1);
	memcpy(whole, plain, sizeof(whole));
	c = open_hex(KEY, IV0, false);
	cfb_encrypt(c, whole, sizeof(whole));
	cfb_free(c);
	for (fast = 0; fast <= has_aes(); fast++) {
		for (cut = 0; cut <= sizeof(plain); cut++) {
			memcpy(b, plain, sizeof(b));
			c = open_hex(KEY, IV0, fast);
			cfb_encrypt(c, b, cut);
			cfb_encrypt(c, b + cut, sizeof(b) - cut);
			cfb_free(c);
			if (!CHECK(memcmp(b, whole, sizeof(b)) == 0))
				return;
			c = open_hex(KEY, IV0, fast);
			cfb_decrypt(c, b, cut);
			cfb_decrypt(c, b + cut, sizeof(b) - cut);
			cfb_free(c);
			if (!CHECK(memcmp(b, plain, sizeof(b)) == 0))
				return;
		}
	}
}

/* Lengths and splits from a die; the portable way is the measure. */
TEST(cfb_is_the_same_on_every_cpu)
{
	static uint8_t plain[20000], a[20000], b[20000];
	uint32_t x = 7;
	struct cfb *e, *slow, *fast;
	size_t at, n;
	int round;

	if (!has_aes()) {
		test_skip("no AES in this CPU");
		return;
	}
	for (round = 0; round < 20; round++) {
		fill(plain, sizeof(plain), x);
		memcpy(a, plain, sizeof(a));
		e = open_hex(KEY, IV0, round & 1);
		slow = open_hex(KEY, IV0, false);
		fast = open_hex(KEY, IV0, true);
		for (at = 0; at < sizeof(a); at += n) {
			x = x * 1664525 + 1013904223;
			n = (x >> 20) % (round < 10 ? 40 : 4000);
			n = n < sizeof(a) - at ? n : sizeof(a) - at;
			cfb_encrypt(e, a + at, n);
			memcpy(b + at, a + at, n);
			cfb_decrypt(slow, a + at, n);
			cfb_decrypt(fast, b + at, n);
		}
		CHECK(memcmp(a, plain, sizeof(a)) == 0);
		CHECK(memcmp(b, plain, sizeof(b)) == 0);
		cfb_free(e);
		cfb_free(slow);
		cfb_free(fast);
	}
}

TEST(cfb_new_takes_the_best_way_and_free_takes_null)
{
	uint8_t k[CFB_KEY_LEN] = { 1 }, v[CFB_IV_LEN] = { 2 }, b[3] = "abc";
	struct cfb *c = cfb_new(k, v);

	cfb_encrypt(c, b, 3);
	cfb_free(c);
	c = cfb_new(k, v);
	cfb_decrypt(c, b, 3);
	CHECK(memcmp(b, "abc", 3) == 0);
	cfb_free(c);
	cfb_free(NULL);
}
