// SPDX-License-Identifier: MIT
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"
#include "test/crypto/hex.h"
#include "test/t.h"

TEST(md5_gives_the_privilege_key_of_a_token_and_a_time)
{
	uint8_t d[MD5_LEN];

	hash_md5(d, "s3cret", 6, "1700000000", 10);
	CHECK(hex_is(d, sizeof(d), "5d75c9c422f888a6fc13fe10cfd4b30e"));
	hash_md5(d, NULL, 0, "1700000000", 10);
	CHECK(hex_is(d, sizeof(d), "24920decf83f6960b80f737a28eeafc1"));
}

TEST(digests_agree_with_the_known_answers)
{
	uint8_t d[SHA256_LEN];

	hash_md5(d, "a", 1, "bc", 2);
	CHECK(hex_is(d, MD5_LEN, "900150983cd24fb0d6963f7d28e17f72"));
	hash_sha1(d, "abc", 3, NULL, 0);
	CHECK(hex_is(d, SHA1_LEN, "a9993e364706816aba3e25717850c26c9cd0d89d"));
	hash_sha256(d, "", 0, "abc", 3);
	CHECK(hex_is(d, SHA256_LEN,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST(hash_same_sees_a_difference_at_every_byte)
{
	uint8_t a[32], b[32];
	size_t i;

	memset(a, 7, sizeof(a));
	memcpy(b, a, sizeof(b));
	CHECK(hash_same(a, b, sizeof(a)));
	CHECK(hash_same(a, b, 0));
	for (i = 0; i < sizeof(b); i++) {
		b[i] ^= 0x80;
		CHECK(!hash_same(a, b, sizeof(b)));
		CHECK(hash_same(a, b, i));
		b[i] ^= 0x80;
	}
}

TEST(pbkdf2_gives_the_key_of_a_control_stream)
{
	static const struct {
		const char *token, *key;
	} rows[] = {
		{ "s3cret", "98d40315f7ae4d22a12d1f4879bd5ca9" },
		{ "", "cdc9dc4c472c37331281df4c232a8407" },
		{ "abc", "62e5ed67fdd04e5f1f71d779ceb9667f" },
	};
	uint8_t k[16];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kdf_pbkdf2_sha1(k, sizeof(k), rows[i].token,
		    strlen(rows[i].token), "frp", 3, 64);
		CHECK(hex_is(k, sizeof(k), rows[i].key));
	}
}

TEST(pbkdf2_agrees_with_rfc_6070_and_goes_on_past_one_block)
{
	uint8_t k[25];

	kdf_pbkdf2_sha1(k, 20, "password", 8, "salt", 4, 1);
	CHECK(hex_is(k, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6"));
	kdf_pbkdf2_sha1(k, 20, "password", 8, "salt", 4, 4096);
	CHECK(hex_is(k, 20, "4b007901b765489abead49d926f721d065a429c1"));
	kdf_pbkdf2_sha1(k, 25, "passwordPASSWORDpassword", 24,
	    "saltSALTsaltSALTsaltSALTsaltSALTsalt", 36, 4096);
	CHECK(hex_is(k, 25,
	    "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"));
	kdf_pbkdf2_sha1(k, 16, "pass\0word", 9, "sa\0lt", 5, 4096);
	CHECK(hex_is(k, 16, "56fa6aa75548099dcc37d7f03425e0c3"));
}

TEST(rand_bytes_differ_and_fill_every_place)
{
	uint8_t a[64] = { 0 }, seen[64] = { 0 };
	size_t i;
	int round, holes = 0;

	for (round = 0; round < 8; round++) {
		rand_bytes(a, sizeof(a));
		for (i = 0; i < sizeof(a); i++)
			seen[i] |= a[i];
	}
	for (i = 0; i < sizeof(seen); i++)
		holes += seen[i] == 0;
	CHECK(holes == 0);
	a[0] = 1;
	rand_bytes(a, 0);
	CHECK(a[0] == 1);
}
