// SPDX-License-Identifier: MIT
/* The public suite (scripts/toml-test.sh) asks whether TOML is read right;
 * here are the words of the errors, the limits, and ends at every byte. */
#include "core/buf.h"
#include "core/value.h"
#include "test/t.h"

static struct value *
parse(const char *text, struct value_error *e)
{
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);
	struct value *v;

	memcpy(copy, text, n);
	v = toml_parse(copy, n, e);
	free(copy);
	return v;
}

static const char *
why(const char *text)
{
	static char got[240];
	struct value_error e;
	struct value *v = parse(text, &e);

	snprintf(got, sizeof(got), "%u:%u: %s", e.line, e.column, e.text);
	if (v)
		snprintf(got, sizeof(got), "nothing wrong");
	value_free(v);
	return got;
}

TEST(toml_says_what_is_wrong_and_where)
{
	CHECK_STR(why("[a]\n[b]\n[a]\n"),
	    "3:3: cannot use '[a]' again: it was defined on line 1");
	CHECK_STR(why("\n[a.b]\n[[a.b]]"),
	    "3:6: cannot use '[a.b]' again: it was defined on line 2");
	CHECK_STR(why("a = 1\nb.c = 2\na = 3"),
	    "3:6: cannot set 'a' again: it was defined on line 1");
	CHECK_STR(why("a = {}\n[a.b]"),
	    "2:5: cannot use '[a]' again: it was defined on line 1");
	CHECK_STR(why("bindAddr = localhost"),
	    "1:12: 'localhost' is no value; text needs quotes");
	CHECK_STR(why("bindAddr = 0.0.0.0"),
	    "1:12: '0.0.0.0' is no number; text needs quotes");
	CHECK_STR(why("a = 012"), "1:5: '012' is no number; text needs quotes");
	CHECK_STR(why("a = \n"), "1:5: a value is missing here");
	CHECK_STR(why("a\n"), "1:2: '=' is missing here");
	CHECK_STR(why("= 1"), "1:1: a key is missing here");
	CHECK_STR(why("a = \"x\n"), "1:7: the string does not end");
	CHECK_STR(why("a = \"\"\"x\n"), "2:1: the string does not end");
	CHECK_STR(why("\xc3\xa9 = 1"), "1:1: a key is missing here");
	CHECK_STR(why("a = '\xc3\xa9' 1"), "1:9: the line should end here");
	CHECK_STR(why("a = 1 b = 2"), "1:7: the line should end here");
	CHECK_STR(why("a = '\x01'"),
	    "1:6: control character 0x01 is not allowed");
	CHECK_STR(why("a = '\xff'"), "1:6: the text is not UTF-8");
	CHECK_STR(why("a = [1 2]"), "1:8: ',' or ']' is missing here");
	CHECK_STR(why("a = {b=1 c=2}"), "1:10: ',' or '}' is missing here");
	CHECK_STR(why("a = 9223372036854775808"),
	    "1:5: the integer 9223372036854775808 is too large");
	CHECK_STR(why("a = 2023-02-29"), "1:5: there is no such date or time");
	CHECK_STR(why("[a\n"), "1:3: ']' is missing here");
	CHECK_STR(why("a = \"\\ud800\""),
	    "1:12: there is no such Unicode character");
	CHECK_STR(why("\"a\\n\" = 1\n\"a\\n\" = 1"),
	    "2:10: cannot set 'a\\x0a' again: it was defined on line 1");
	CHECK_STR(why("a = 1"), "nothing wrong");
}

TEST(toml_keeps_its_rules_about_defining_twice)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "[a.b]\n[a]\n", true },
		{ "[a]\n[a.b]\n[a]\n", false },
		{ "a.b = 1\na.c = 2\n", true },
		{ "a.b = 1\n[a]\n", false },
		{ "[f]\na.c = 1\n[f.a]\n", false },
		{ "[f]\na.c = 1\n[f.a.d]\n", true },
		{ "[a.b.c]\nz = 1\n[a]\nb.c.t = 2\n", false },
		{ "[a.b.c]\nz = 1\n[a]\nb.x = 2\n", true },
		{ "a = 1\na.b = 2\n", false },
		{ "a = {b = 1}\na.c = 2\n", false },
		{ "a = {b.c = 1, b.d = 2}\n", true },
		{ "a = {b = {}, b.c = 1}\n", false },
		{ "a = []\n[[a]]\n", false },
		{ "[[a]]\n[[a]]\n[a.b]\n[[a]]\n[a.b]\n", true },
		{ "[[a]]\n[a]\n", false },
		{ "[a]\n[[a]]\n", false },
		{ "[[a.b]]\n[a]\nb.c = 1\n", false },
		{ "[[a]]\n[a.b]\n[a.b]\n", false },
		{ "a = 1\n'a' = 2\n", false },
		{ "a = {b = 1,}\n", false },
		{ "a = {b = 1,\nc = 2}\n", false },
		{ "a = [1,\n# x\n2,\n]\n", true },
		{ "a = 1\r\nb = 2\r\n", true },
		{ "a = 1\rb = 2\n", false },
		{ "\xef\xbb\xbf" "a = 1\n", true },
		{ "a = \"\"\"x\"\"\"\"\"\n", true },
		{ "a = \"\"\"x\"\"\"\"\"\"\n", false },
		{ "a = 1__0\n", false },
		{ "a = 0x_1\n", false },
		{ "a = -0x1\n", false },
		{ "a = 0xDEAD_beef\n", true },
		{ "a = 1e1_0\n", true },
		{ "a = 1.\n", false },
		{ "a = .1\n", false },
		{ "a = 1.e1\n", false },
		{ "a = +inf\n", true },
		{ "a = 00:00:60\n", true },
		{ "a = 24:00:00\n", false },
		{ "a = 07:32\n", false },
		{ "a = 2000-02-29\n", true },
		{ "a = 1900-02-29\n", false },
		{ "a = 2000-01-01T00:00:00.\n", false },
		{ "a = 2000-01-01T00:00:00+24:00\n", false },
		{ "a = 2000-01-01 \n", true },
		{ "a = True\n", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!CHECK(!strcmp(why(cases[i].text), "nothing wrong") ==
			cases[i].good))
			printf("    %s    %s\n", cases[i].text,
			    why(cases[i].text));
}

TEST(value_types_have_names)
{
	static const char text[] = "[null,true,1,2.5,\"\",[],{}]";
	struct value_error e;
	struct value *v = json_parse(text, sizeof(text) - 1, &e);
	static const char *const names[] = { "null", "bool", "number",
		"number", "string", "array", "object" };
	size_t i;

	for (i = 0; CHECK(v && v->n == 7) && i < 7; i++)
		CHECK_STR(value_type_name(v->list[i]), names[i]);
	value_free(v);
}

TEST(toml_values_know_their_lines)
{
	struct value_error e;
	struct value *v = parse("a = '''\n\n'''\nb = 1\n[c]\n"
				"d = [\n1,\n2]\n", &e);

	if (!CHECK(v))
		return;
	CHECK(value_get(v, "a")->line == 1);
	CHECK(value_get(v, "b")->line == 4);
	CHECK(value_get(v, "c")->line == 5);
	CHECK(value_get(value_get(v, "c"), "d")->list[1]->line == 8);
	CHECK(!value_get(v, "C") && value_get_fold(v, "C"));
	CHECK(!value_get_fold(v, "cc"));
	value_free(v);
}

TEST(toml_nests_to_its_cap_and_no_further)
{
	struct value_error e;
	unsigned extra, i;
	struct value *v;
	char text[1024];

	for (extra = 0; extra < 2; extra++) {
		size_t n = VALUE_DEPTH + extra;

		memcpy(text, "a=", 2);
		memset(text + 2, '[', n);
		memset(text + 2 + n, ']', n);
		text[2 + 2 * n] = '\0';
		v = parse(text, &e);
		CHECK(!v == !!extra);
		value_free(v);
		for (i = 0; i < n; i++)
			memcpy(text + 2 * i, "a.", 2);
		memcpy(text + 2 * n - 1, "=1", 3);
		v = parse(text, &e);
		CHECK(!v == !!extra);
		value_free(v);
	}
	CHECK_STR(why("[a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
		      "a.a.a.a.a]\nb.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b"
		      ".b.b.b.b.b.b.b.b.b.b.b.b.b=1"), "2:71: nested too deep");
}

TEST(toml_refuses_more_text_and_more_keys_than_it_holds)
{
	struct value_error e;
	size_t n = VALUE_SIZE + 1, i;
	char *text = malloc(n);
	struct buf b = { 0 };
	struct value *v;

	memset(text, '\n', n);
	v = toml_parse(text, n - 1, &e);
	CHECK(v);
	value_free(v);
	v = toml_parse(text, n, &e);
	CHECK(!v);
	CHECK_STR(e.text, "the text is too long");
	free(text);
	for (i = 0; i <= VALUE_KEYS; i++)
		buf_printf(&b, "k%zu = 1\n", i);
	v = toml_parse(buf_text(&b), buf_len(&b), &e);
	CHECK(!v && e.line == VALUE_KEYS + 1);
	buf_free(&b);
}

TEST(toml_that_ends_at_any_byte_is_read_or_refused)
{
	static const char text[] =
	    "a.\"b\" = \"x\\u00e9\"\nc = '''\nd''' # e\n[f.g]\nh = [1, 2.5,"
	    "\n{i = true}]\n[[j]]\nk = 1979-05-27T07:32:00.5+01:00\n"
	    "l = \"\"\"m\\\n n\"\"\"\"\"\n";
	struct value_error e;
	struct value *v;
	size_t n;

	for (n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n ? n : 1);

		memcpy(copy, text, n);
		v = toml_parse(copy, n, &e);
		CHECK(v || (e.text[0] && e.line));
		CHECK(v || n < sizeof(text) - 1);
		value_free(v);
		free(copy);
		if (n == sizeof(text) - 2)
			break;
	}
}

TEST(json_tree_is_built_and_the_last_member_wins)
{
	static const char text[] = "{\"a\":1,\n\"b\":[true,null,2.5,\"x\\u0000y"
				   "\"],\"a\":\n{\"c\":\"d\"},\"n\\u0000\":0}";
	struct value_error e;
	struct value *v = json_parse(text, sizeof(text) - 1, &e), *b;

	if (!CHECK(v && v->type == VALUE_TABLE && v->n == 3))
		return;
	CHECK(value_get(v, "a")->type == VALUE_TABLE);
	CHECK(value_get(v, "a")->line == 3);
	b = value_get(v, "b");
	CHECK(b->line == 2 && b->n == 4 && b->list[0]->boolean);
	CHECK(b->list[1]->type == VALUE_NULL && b->list[2]->real == 2.5);
	CHECK(b->list[3]->textlen == 3);
	CHECK(value_get(v, "n\xc0\x80"));
	value_free(v);
}

TEST(json_tree_says_what_is_wrong_and_where)
{
	static const struct {
		const char *text, *want;
		unsigned line, column;
	} cases[] = {
		{ "{", "unexpected end of JSON input", 1, 2 },
		{ "{\n  \"a\": x}", "invalid JSON at 'x'", 2, 8 },
		{ "{} {}", "invalid JSON at '{'", 1, 4 },
		{ "[1e999]", "the number is too large", 1, 7 },
		{ "[\x01]", "invalid character", 1, 2 },
	};
	struct value_error e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(!json_parse(cases[i].text, strlen(cases[i].text), &e));
		CHECK_STR(e.text, cases[i].want);
		CHECK(e.line == cases[i].line && e.column == cases[i].column);
	}
}

TEST(json_tree_stops_at_its_caps)
{
	struct buf b = { 0 };
	struct value_error e;
	size_t i;

	for (i = 0; i <= VALUE_KEYS; i++)
		buf_printf(&b, "%s\"k%zu\":1", i ? "," : "{", i);
	buf_puts(&b, "}");
	CHECK(!json_parse(buf_text(&b), buf_len(&b), &e));
	CHECK_STR(e.text, "too many members in one object");
	buf_free(&b);
	for (i = 0; i < 65; i++)
		buf_puts(&b, "[");
	CHECK(!json_parse(buf_text(&b), buf_len(&b), &e));
	CHECK_STR(e.text, "nested too deep");
	buf_free(&b);
	memset(buf_room(&b, VALUE_SIZE + 1), ' ', VALUE_SIZE + 1);
	CHECK(!json_parse((char *)b.data, VALUE_SIZE + 1, &e));
	CHECK_STR(e.text, "the text is too long");
	buf_free(&b);
}
