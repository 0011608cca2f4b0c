// SPDX-License-Identifier: MIT
#include "core/auth.h"

#include "test/crypto/hex.h"
#include "test/t.h"

static void
key_is(const char *token, int64_t t, const char *want)
{
	char got[AUTH_KEY_LEN + 1];

	auth_key(got, token, t);
	CHECK_STR(got, want);
	CHECK(auth_ok(token, t, got));
}

TEST(auth_keys_of_known_tokens)
{
	key_is("s3cret", 1700000000, "5d75c9c422f888a6fc13fe10cfd4b30e");
	key_is("", 1700000000, "24920decf83f6960b80f737a28eeafc1");
	/* the MD5 of "0", "10" and so on */
	key_is("", 0, "cfcd208495d565ef66e7dff9f98764da");
	key_is("1", 0, "d3d9446802a44259755d38e6d163e820");
	key_is("", INT64_MIN, "e12c22bb0312e7872c49884f8304d882");
	key_is("", INT64_MAX, "15767b252275cf5107bba9267b88e787");
}

TEST(auth_refuses_all_but_the_key_itself)
{
	static const char key[] = "5d75c9c422f888a6fc13fe10cfd4b30e";
	char wrong[AUTH_KEY_LEN + 2];
	size_t i;

	CHECK(auth_ok("s3cret", 1700000000, key));
	CHECK(!auth_ok("s3cret", 1700000001, key));
	CHECK(!auth_ok("s3cre", 1700000000, key));
	CHECK(!auth_ok("", 1700000000, key));
	CHECK(!auth_ok("s3cret", 1700000000, NULL));
	CHECK(!auth_ok("s3cret", 1700000000, ""));
	for (i = 0; i < AUTH_KEY_LEN; i++) {
		memcpy(wrong, key, sizeof(key));
		wrong[i] ^= 1;
		CHECK(!auth_ok("s3cret", 1700000000, wrong));
		memcpy(wrong, key, i); /* the beginning only */
		wrong[i] = '\0';
		CHECK(!auth_ok("s3cret", 1700000000, wrong));
	}
	snprintf(wrong, sizeof(wrong), "%s0", key);
	CHECK(!auth_ok("s3cret", 1700000000, wrong));
	CHECK(!auth_ok("s3cret", 1700000000,
	    "5D75C9C422F888A6FC13FE10CFD4B30E"));
}

TEST(auth_stream_keys_of_known_tokens)
{
	static const char *const pairs[][2] = {
		{ "s3cret", "98d40315f7ae4d22a12d1f4879bd5ca9" },
		{ "", "cdc9dc4c472c37331281df4c232a8407" },
		{ "abc", "62e5ed67fdd04e5f1f71d779ceb9667f" },
	};
	uint8_t got[16];
	size_t i;

	for (i = 0; i < 3; i++) {
		auth_stream_key(got, pairs[i][0]);
		CHECK(hex_is(got, sizeof(got), pairs[i][1]));
	}
}
