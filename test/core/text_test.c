// SPDX-License-Identifier: MIT
#include "core/text.h"

#include "test/t.h"

/* In memory of just the size promised, for the sanitizers to see. */
static long
unb64(const char *s, size_t n, uint8_t to[64])
{
	uint8_t *room = malloc(n / 4 * 3 + 1);
	char *from = malloc(n ? n : 1);
	long len;

	memcpy(from, s, n);
	len = text_unb64(room, from, n);
	if (len > 0) {
		CHECK((size_t)len <= n / 4 * 3);
		memcpy(to, room, (size_t)len);
		/* and in place */
		CHECK(text_unb64((uint8_t *)from, from, n) == len);
		CHECK(memcmp(from, to, (size_t)len) == 0);
	}
	free(room);
	free(from);
	return len;
}

TEST(text_hex_is_lower_case_and_ended)
{
	char to[9] = "????????";

	text_hex(to, (const uint8_t *)"\x00\x9a\xff", 3);
	CHECK_STR(to, "009aff");
	text_hex(to, NULL, 0);
	CHECK_STR(to, "");
}

TEST(text_unhex_takes_both_cases_and_nothing_else)
{
	static const char *const bad[] = { "0", "0g", "g0", "0x", " 0", "0 ",
		"@0", "`0", "/0", ":0", "00f" };
	uint8_t to[8];
	size_t i;

	CHECK(text_unhex(to, "009aFfAa", 8) == 0);
	CHECK(memcmp(to, "\x00\x9a\xff\xaa", 4) == 0);
	CHECK(text_unhex(to, "", 0) == 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(text_unhex(to, bad[i], strlen(bad[i])) < 0);
	CHECK(text_unhex(to, "0\0", 2) < 0);
}

TEST(text_base64_of_the_rfc)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/" },
	};
	char text[64];
	uint8_t back[64];
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		size_t n = strlen(pairs[i][0]);

		text_b64(text, (const uint8_t *)pairs[i][0], n);
		CHECK_STR(text, pairs[i][1]);
		CHECK(strlen(text) == TEXT_B64_LEN(n));
		CHECK(unb64(text, strlen(text), back) == (long)n);
		CHECK(memcmp(back, pairs[i][0], n) == 0);
	}
}

/* As Go's StdEncoding: line ends anywhere, loose bits at the end. */
TEST(text_unb64_forgives_what_go_forgives)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "Zm9v\n", "foo" }, { "\r\nZ\nm\r9\nv", "foo" },
		{ "Zg=\n=", "f" }, { "Zg==\r\n", "f" }, { "Zm8\n=\n", "fo" },
		{ "Zh==", "f" }, { "Zm9=", "fo" }, { "\n", "" },
	};
	uint8_t got[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = strlen(cases[i].want);

		CHECK(unb64(cases[i].text, strlen(cases[i].text), got) ==
		    (long)n);
		CHECK(memcmp(got, cases[i].want, n) == 0);
	}
}

TEST(text_unb64_refuses_what_go_refuses)
{
	static const char *const bad[] = { "Z", "Zg", "Zm9", "Zg=", "=", "==",
		"===", "====", "Z===", "Z=", "Zg===", "Zm8==", "Zm9v=",
		"Zm9v====", "Zg==Zg==", "Zg=Z", "Zg==Z", "Zm8=Z", "Zm 9v",
		" Zm9v", "Zm9v ", "Zm-_", "Zm9*", "\tZm9v", "Zm9v\x80",
		"Zg==\nZ" };
	uint8_t got[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(unb64(bad[i], strlen(bad[i]), got) < 0);
	CHECK(unb64("Zm9v\0", 5, got) < 0);
}

TEST(text_base64_knows_its_whole_alphabet)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t got[64];
	char text[65];
	int c, n = 0;

	CHECK(text_unb64(got, digits, 64) == 48);
	text_b64(text, got, 48);
	CHECK_STR(text, digits);
	for (c = 0; c < 256; c++) {
		char quad[] = { 'A', (char)c, '=', '=' };

		n += text_unb64(got, quad, 4) == 1;
	}
	CHECK(n == 64);
}

TEST(text_tag_keeps_half_of_an_id_to_itself)
{
	char tag[TEXT_TAG];

	text_tag(tag, "0123456789abcdef");
	CHECK_STR(tag, "012345");
	text_tag(tag, "feed");
	CHECK_STR(tag, "fe");
	text_tag(tag, "");
	CHECK_STR(tag, "");
}
