// SPDX-License-Identifier: MIT
#include "core/tokens.h"

#include "core/buf.h"
#include "core/mem.h"
#include "test/t.h"

/* want: the tokens, each with a '|' behind it. */
static void
parses(const char *text, size_t n, const char *want)
{
	struct tokens t;
	struct buf got = { 0 };
	size_t i;

	CHECK(tokens_parse(&t, text, n) == TOKENS_FINE);
	for (i = 0; i < t.n; i++)
		buf_printf(&got, "%s|", t.v[i]->text);
	CHECK_STR(buf_text(&got), want);
	buf_free(&got);
	tokens_release(&t);
	CHECK(t.n == 0);
}

static void
fails(const char *text, size_t n, enum tokens_fault want)
{
	struct tokens t;

	CHECK(tokens_parse(&t, text, n) == want);
	CHECK(t.n == 0 && tokens_fault(want) != NULL);
}

#define PARSES(text, want) parses(text, sizeof(text) - 1, want)
#define FAILS(text, want)  fails(text, sizeof(text) - 1, want)

TEST(tokens_of_one_line_are_that_line)
{
	PARSES("secret", "secret|");
	PARSES("secret\n", "secret|");
	PARSES(" \r\n\t two words \v\f\r\n\n", "two words|");
	PARSES("# secret\n", "# secret|");
	PARSES("\n# secret\n\n", "# secret|");
	PARSES("#", "#|");
	PARSES("\xff\xfe", "\xff\xfe|");
}

TEST(tokens_stand_one_a_line)
{
	PARSES("new\nold\n", "new|old|");
	PARSES("# of June\n  new \n\n#\n# of May\r\nold\r\n", "new|old|");
	PARSES("#new\n\t# a word on it\n#\tanother\nold", "#new|old|");
	PARSES("same\nsame\n", "same|same|");
	PARSES("a\rb\nc", "a\rb|c|");
}

TEST(tokens_are_missed_where_there_are_none)
{
	fails(NULL, 0, TOKENS_EMPTY);
	FAILS("\n", TOKENS_EMPTY);
	FAILS(" \t\r\n \n", TOKENS_EMPTY);
	FAILS("# all\n# are\n#\n# comments\n", TOKENS_EMPTY);
}

TEST(tokens_with_a_nul_are_refused)
{
	FAILS("secret\0", TOKENS_BINARY);
	FAILS("\0", TOKENS_BINARY);
	FAILS("new\nol\0d\n", TOKENS_BINARY);
}

TEST(tokens_are_so_many_and_so_long_and_no_more)
{
	struct buf b = { 0 };
	struct tokens t;
	char *text = mem_zero(TOKENS_LONGEST + 2);
	int i;

	for (i = 0; i < TOKENS_MAX; i++)
		buf_printf(&b, "# %d\ntoken-%d\n", i, i);
	CHECK(tokens_parse(&t, buf_text(&b), buf_len(&b)) == TOKENS_FINE);
	CHECK(t.n == TOKENS_MAX);
	CHECK_STR(t.v[63]->text, "token-63");
	tokens_release(&t);
	buf_puts(&b, "# the last\n");
	CHECK(tokens_parse(&t, buf_text(&b), buf_len(&b)) == TOKENS_FINE);
	tokens_release(&t);
	buf_puts(&b, "one-more");
	fails(buf_text(&b), buf_len(&b), TOKENS_MANY);
	buf_free(&b);
	memset(text, 'x', TOKENS_LONGEST + 1);
	fails(text, TOKENS_LONGEST + 1, TOKENS_LONG);
	CHECK(tokens_parse(&t, text, TOKENS_LONGEST) == TOKENS_FINE);
	CHECK(strlen(t.v[0]->text) == TOKENS_LONGEST);
	tokens_release(&t);
	free(text);
}

TEST(tokens_match_by_their_key)
{
	char key[AUTH_KEY_LEN + 1];
	struct tokens t;
	size_t i;

	CHECK(tokens_parse(&t, "new\nold\nold\n", 12) == TOKENS_FINE);
	for (i = 0; i < 2; i++) {
		auth_key(key, t.v[i]->text, 1700000000);
		CHECK(tokens_match(&t, 1700000000, key) == t.v[i]);
		CHECK(!tokens_match(&t, 1700000001, key));
	}
	auth_key(key, "older", 1700000000);
	CHECK(!tokens_match(&t, 1700000000, key));
	CHECK(!tokens_match(&t, 1700000000, ""));
	CHECK(!tokens_match(&t, 1700000000, NULL));
	auth_key(key, "", 1700000000);
	CHECK(!tokens_match(&t, 1700000000, key));
	tokens_release(&t);
	CHECK(!tokens_match(&t, 1700000000, key));
}

TEST(tokens_are_the_same_by_their_text)
{
	struct tokens a, b, c;

	CHECK(tokens_parse(&a, "new\nold", 7) == TOKENS_FINE);
	CHECK(tokens_parse(&b, "# b\nnew\n\nold", 12) == TOKENS_FINE);
	CHECK(tokens_parse(&c, "old\nnew", 7) == TOKENS_FINE);
	CHECK(tokens_same(&a, &b) && !tokens_same(&a, &c));
	tokens_release(&b);
	CHECK(!tokens_same(&a, &b));
	tokens_release(&a);
	tokens_release(&c);
}

TEST(tokens_that_somebody_holds_outlive_their_file)
{
	struct tokens t;
	struct token *mine;

	CHECK(tokens_parse(&t, "mine", 4) == TOKENS_FINE);
	mine = token_keep(t.v[0]);
	tokens_release(&t);
	CHECK_STR(mine->text, "mine");
	token_drop(mine);
	token_drop(NULL);
}
