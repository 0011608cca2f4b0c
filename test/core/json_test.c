// SPDX-License-Identifier: MIT
#include "core/json.h"

#include <math.h>

#include "core/err.h"
#include "core/utf8.h"
#include "test/t.h"

/* Reads all of a document into a line of letters, one an item. */
static int
letters(const char *text, size_t n, char *to, size_t room)
{
	static const char names[] = "$OoAaKSIRTFN";
	char *copy = malloc(n ? n : 1); /* so that a sanitizer sees its end */
	struct json_item it;
	struct json j;
	size_t at = 0;
	int r;

	memcpy(copy, text, n);
	json_init(&j, copy, n);
	do {
		r = json_next(&j, &it);
		if (r == 0 && at + 1 < room)
			to[at++] = names[it.token];
	} while (r == 0 && it.token != JSON_END);
	if (r < 0)
		CHECK(json_next(&j, &it) == r);
	to[at] = '\0';
	free(copy);
	return r;
}

TEST(json_reads_each_kind_of_value)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{}", "Oo$" },
		{ "[]", "Aa$" },
		{ " { \"a\" : [ 1 , 2.5 ] } \n", "OKAIRao$" },
		{ "\"\"", "S$" },
		{ "true", "T$" },
		{ "false ", "F$" },
		{ "null", "N$" },
		{ "[{\"a\":{}},[],\"x\",-0,1e5]", "AOKOooAaSIRa$" },
		{ "9223372036854775807", "I$" },
		{ "9223372036854775808", "R$" },
		{ "-9223372036854775808", "I$" },
		{ "-9223372036854775809", "R$" },
		{ "0", "I$" },
		{ "0.0", "R$" },
		{ "1E+2", "R$" },
		{ "{\"a\":1,\"a\":2}", "OKIKIo$" },
		{ "\t\r\n 1", "I$" },
	};
	char got[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(letters(cases[i].text, strlen(cases[i].text), got,
		    sizeof(got)) == 0);
		CHECK_STR(got, cases[i].want);
	}
}

TEST(json_refuses_what_go_refuses)
{
	static const char *const cases[] = { "", " ", "{", "[", "]", "}", "[1",
		"[1,", "[1,]", "[,1]", "[1 2]", "{,}", "{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{1:1}", "{'a':1}",
		"[1}", "{\"a\":1]", "01", "-", "-01", "+1", ".5", "1.", "1.e5",
		"1e", "1e+", "0x10", "1_000", "NaN", "Infinity", "tru", "True",
		"nul", "truex", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"",
		"\"\\u12g4\"", "\"\\", "\"a\nb\"", "\"a\tb\"", "1 2", "{} x",
		"{}{}", "[] //", "/**/1", "{\"a\":1}}", "[1]]", ",", ":",
		"{\"a\" 1}", "\"\\u", "\"\\u00", "[1:2]", "1,",
		"\xef\xbb\xbf{}",
		"{\"a\":1,\"b\"", "-a", "[-]", "{:1}", "{\"a\"::1}" };
	char got[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!CHECK(letters(cases[i], strlen(cases[i]), got,
			sizeof(got)) == ERR_PROTO))
			printf("    %s\n", cases[i]);
	CHECK(letters("\"a\0b\"", 5, got, sizeof(got)) == ERR_PROTO);
	CHECK(letters("[1\0]", 4, got, sizeof(got)) == ERR_PROTO);
	CHECK(letters("\"\\\0\"", 4, got, sizeof(got)) == ERR_PROTO);
}

TEST(json_refuses_every_document_that_ends_early)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"x\\n\\u0041\",true,"
				   "false,null,{}],\"b\":{\"c\":[]}}";
	char got[64];
	size_t n;

	CHECK(letters(text, sizeof(text) - 1, got, sizeof(got)) == 0);
	for (n = 0; n < sizeof(text) - 1; n++)
		CHECK(letters(text, n, got, sizeof(got)) == ERR_PROTO);
}

TEST(json_depth_ends_at_its_cap)
{
	char text[2 * JSON_DEPTH + 2], got[2 * JSON_DEPTH + 4];
	unsigned extra;

	for (extra = 0; extra < 2; extra++) {
		size_t n = JSON_DEPTH + extra;

		memset(text, '[', n);
		memset(text + n, ']', n);
		CHECK(letters(text, 2 * n, got, sizeof(got)) ==
		    (extra ? ERR_LIMIT : 0));
	}
}

static void
first(const char *text, size_t n, struct json_item *it)
{
	struct json j;

	json_init(&j, text, n);
	CHECK(json_next(&j, it) == 0);
}

TEST(json_numbers_have_their_value)
{
	struct json_item it;
	char lots[600];

	first("-42", 3, &it);
	CHECK(it.token == JSON_INT && it.integer == -42 && it.rawlen == 3);
	first("-0 ", 3, &it);
	CHECK(it.token == JSON_INT && it.integer == 0);
	first("-9223372036854775808", 20, &it);
	CHECK(it.integer == INT64_MIN);
	first("9223372036854775808", 19, &it);
	CHECK(it.token == JSON_REAL && it.real == 9223372036854775808.0);
	first("2.5e-1", 6, &it);
	CHECK(it.real == 0.25);
	first("1e999", 5, &it);
	CHECK(isinf(it.real));
	memset(lots, '1', sizeof(lots));
	lots[599] = ' ';
	first(lots, sizeof(lots), &it);
	CHECK(it.token == JSON_REAL && it.rawlen == 599);
}

static void
text_is(const char *doc, size_t n, const char *want, size_t wantlen)
{
	struct json_item it;
	char got[256];
	size_t len;

	first(doc, n, &it);
	CHECK(it.token == JSON_STR);
	CHECK(json_text_max(&it) <= sizeof(got));
	len = json_text(&it, got);
	CHECK(len <= json_text_max(&it));
	CHECK(json_text(&it, NULL) == len);
	CHECK(len == wantlen && memcmp(got, want, len) == 0);
}
#define TEXT_IS(doc, want) \
	text_is(doc, sizeof(doc) - 1, want, sizeof(want) - 1)
#define BAD "\xef\xbf\xbd"

TEST(json_text_undoes_escapes)
{
	TEXT_IS("\"plain\"", "plain");
	TEXT_IS("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	TEXT_IS("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac");
	TEXT_IS("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80");
	TEXT_IS("\"a\\u0000b\"", "a\0b");
	TEXT_IS("\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"",
	    "\xc3\xa9\xf0\x9f\x98\x80\x7f");
}

TEST(json_text_puts_the_replacement_where_go_does)
{
	TEXT_IS("\"\\ud800\"", BAD);
	TEXT_IS("\"\\udc00x\"", BAD "x");
	TEXT_IS("\"\\ud800\\u0041\"", BAD "A");
	TEXT_IS("\"\\ud800\\ud83d\\ude00\"", BAD "\xf0\x9f\x98\x80");
	TEXT_IS("\"\\ude00\\ud83d\"", BAD BAD);
	TEXT_IS("\"\\ud83d\\n\"", BAD "\n");
	TEXT_IS("\"\xff\xfe\"", BAD BAD);
	TEXT_IS("\"\xc3\"", BAD);
	TEXT_IS("\"\xe2\x82\"", BAD BAD);
	TEXT_IS("\"\xed\xa0\x80\"", BAD BAD BAD); /* a surrogate */
	TEXT_IS("\"\xc0\x80\"", BAD BAD);	  /* overlong */
	TEXT_IS("\"\xf4\x90\x80\x80\"", BAD BAD BAD BAD);
	TEXT_IS("\"\xe0\x80\x80\"", BAD BAD BAD);
	TEXT_IS("\"" BAD "\"", BAD);
}

static bool
key_is(const char *doc, const char *name)
{
	struct json_item it;
	struct json j;

	json_init(&j, doc, strlen(doc));
	CHECK(json_next(&j, &it) == 0 && it.token == JSON_OBJ);
	CHECK(json_next(&j, &it) == 0 && it.token == JSON_KEY);
	return json_is(&it, name);
}

TEST(json_is_takes_names_in_any_case)
{
	CHECK(key_is("{\"run_id\":1}", "run_id"));
	CHECK(key_is("{\"RUN_Id\":1}", "run_id"));
	CHECK(key_is("{\"run_id\":1}", "RUN_ID"));
	CHECK(key_is("{\"\\u0072un_id\":1}", "run_id"));
	CHECK(key_is("{\"\xe2\x84\xaa\xc5\xbf\":1}", "ks"));
	CHECK(key_is("{\"\":1}", ""));
	CHECK(!key_is("{\"run_id\":1}", "run_i"));
	CHECK(!key_is("{\"run_id\":1}", "run_idx"));
	CHECK(!key_is("{\"\":1}", "a"));
	CHECK(!key_is("{\"a\":1}", ""));
	CHECK(!key_is("{\"run@id\":1}", "run`id"));
	CHECK(!key_is("{\"a\\u0000\":1}", "a"));
}

TEST(json_skip_passes_over_any_value)
{
	static const char text[] = "{\"a\":{\"x\":[1,{\"y\":2}]},\"b\":[[]],"
				   "\"c\":1,\"d\":\"s\",\"e\":null,\"f\":7}";
	struct json_item it;
	struct json j;

	json_init(&j, text, sizeof(text) - 1);
	CHECK(json_next(&j, &it) == 0);
	while (json_next(&j, &it) == 0 && !json_is(&it, "f"))
		CHECK(json_skip(&j) == 0);
	CHECK(json_next(&j, &it) == 0 && it.integer == 7);
	CHECK(json_next(&j, &it) == 0 && it.token == JSON_OBJ_END);
	CHECK(json_next(&j, &it) == 0 && it.token == JSON_END);
	CHECK(json_next(&j, &it) == 0 && it.token == JSON_END);
	json_init(&j, "{\"a\":[1", 7);
	CHECK(json_next(&j, &it) == 0 && json_next(&j, &it) == 0);
	CHECK(json_skip(&j) == ERR_PROTO);
}

TEST(json_line_counts_from_one)
{
	static const char text[] = "{\n\n\"a\":\n1}";
	struct json_item it;
	struct json j;

	json_init(&j, text, sizeof(text) - 1);
	CHECK(json_line(&j) == 1);
	CHECK(json_next(&j, &it) == 0 && json_line(&j) == 1);
	CHECK(json_next(&j, &it) == 0 && json_line(&j) == 3);
	CHECK(json_next(&j, &it) == 0 && json_line(&j) == 4);
}

static void
put_is(const char *s, size_t n, const char *want)
{
	struct buf b = { 0 };

	json_put_str(&b, s, n);
	CHECK_STR(buf_text(&b), want);
	buf_free(&b);
}
#define PUT_IS(s, want) put_is(s, sizeof(s) - 1, want)

TEST(json_put_str_escapes_as_go)
{
	PUT_IS("", "\"\"");
	PUT_IS("abc/'\x7f", "\"abc/'\x7f\"");
	PUT_IS("\"\\\b\f\n\r\t", "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	PUT_IS("a\0\x01\x1f", "\"a\\u0000\\u0001\\u001f\"");
	PUT_IS("<a>&", "\"\\u003ca\\u003e\\u0026\"");
	PUT_IS("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
	    "\"\\u2028\\u2029\xe2\x80\xaa\"");
	PUT_IS("\xff\xc3", "\"\\ufffd\\ufffd\"");
	PUT_IS("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	PUT_IS(BAD "\xc3\xa9", "\"" BAD "\xc3\xa9\"");
}

TEST(json_put_str_comes_back_as_it_was)
{
	struct buf b = { 0 };
	struct json_item it;
	char all[128], got[128 * 6];
	size_t i;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	json_put_str(&b, all, sizeof(all));
	first(buf_text(&b), buf_len(&b), &it);
	CHECK(json_text(&it, NULL) == sizeof(all));
	json_text(&it, got);
	CHECK(memcmp(got, all, sizeof(all)) == 0);
	buf_free(&b);
}

TEST(utf8_goes_both_ways_for_every_character)
{
	uint32_t rune, got;
	size_t n, cut;
	char text[4];
	bool ok = true;

	for (rune = 0; rune <= 0x110000; rune++) {
		bool bad = rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000);

		n = utf8_put(text, rune);
		ok &= utf8_get(text, n, &got) == n;
		ok &= got == (bad ? UTF8_BAD : rune);
		for (cut = 1; cut < n; cut++)
			ok &= utf8_get(text, cut, &got) == 0;
	}
	CHECK(ok);
}
