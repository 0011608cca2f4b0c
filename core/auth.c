// SPDX-License-Identifier: MIT
#include "core/auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

void
auth_key(char to[static AUTH_KEY_LEN + 1], const char *token, int64_t t)
{
	uint8_t sum[MD5_LEN];
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, t);

	hash_md5(sum, token, strlen(token), digits, (size_t)n);
	text_hex(to, sum, sizeof(sum));
}

bool
auth_ok(const char *token, int64_t t, const char *key)
{
	char want[AUTH_KEY_LEN + 1], got[AUTH_KEY_LEN + 1] = "";
	size_t len = key ? strlen(key) : 0;
	bool ok;

	auth_key(want, token, t);
	if (len == AUTH_KEY_LEN)
		memcpy(got, key, len);
	ok = hash_same(want, got, AUTH_KEY_LEN);
	mem_wipe(want, sizeof(want));
	return ok;
}

void
auth_stream_key(uint8_t to[static 16], const char *token)
{
	/* frp fixes the salt and the count; they are part of its wire */
	kdf_pbkdf2_sha1(to, 16, token, strlen(token), "frp", 3, 64);
}
