// SPDX-License-Identifier: MIT
#include "core/plain.h"

#include "test/t.h"

static const char *
plain(const char *s)
{
	static char to[600];
	struct buf b = { 0 };

	plain_put(&b, s);
	plain_copy(to, sizeof(to), s);
	CHECK_STR(buf_text(&b), to);
	buf_free(&b);
	return to;
}

TEST(plain_escapes_what_a_terminal_obeys)
{
	CHECK_STR(plain("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
	CHECK_STR(plain("a\nb\r\tc\x01\x7f"), "a\\x0ab\\x0d\\x09c\\x01\\x7f");
	CHECK_STR(plain("\xc2\x9b" "31m"), "\\xc2\\x9b31m");
	CHECK_STR(plain("\xc2\x80\xc2\x9f"), "\\xc2\\x80\\xc2\\x9f");
}

TEST(plain_escapes_what_turns_or_ends_a_line)
{
	CHECK_STR(plain("\xe2\x80\xae"), "\\xe2\\x80\\xae"); /* U+202E */
	CHECK_STR(plain("\xe2\x80\xaa\xe2\x80\xa8"),
	    "\\xe2\\x80\\xaa\\xe2\\x80\\xa8");
	CHECK_STR(plain("\xe2\x80\xa9"), "\\xe2\\x80\\xa9");
	CHECK_STR(plain("\xe2\x81\xa6\xe2\x81\xa9"),
	    "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
	CHECK_STR(plain("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c"),
	    "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xd8\\x9c");
}

TEST(plain_escapes_what_is_no_utf8)
{
	CHECK_STR(plain("\x9b\xff"), "\\x9b\\xff");
	CHECK_STR(plain("\xc0\x9b"), "\\xc0\\x9b");	    /* overlong */
	CHECK_STR(plain("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* half a pair */
	CHECK_STR(plain("x\xe2\x80"), "x\\xe2\\x80");	    /* cut short */
}

TEST(plain_leaves_all_else)
{
	static const char text[] = "~ \\ \\n Gr\xc3\xbc\xc3\x9f" "e "
	    "\xe2\x82\xac \xd7\xa9 \xe4\xb8\xad \xf0\x9f\x90\x84 "
	    "\xc2\xa0\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa";

	CHECK_STR(plain(text), text);
	/* and what it made itself */
	CHECK_STR(plain("\\x1b[31m"), "\\x1b[31m");
}

TEST(plain_cuts_between_characters)
{
	char to[8];

	plain_copy(to, 1, "abc");
	CHECK_STR(to, "");
	plain_copy(to, 4, "abc");
	CHECK_STR(to, "abc");
	plain_copy(to, 4, "ab\xc3\xbc");
	CHECK_STR(to, "ab");
	plain_copy(to, 5, "ab\xc3\xbc");
	CHECK_STR(to, "ab\xc3\xbc");
	plain_copy(to, 8, "abcd\n");
	CHECK_STR(to, "abcd");
	plain_copy(to, 8, "abc\n");
	CHECK_STR(to, "abc\\x0a");
}

TEST(plain_keeps_lines_that_are_ours)
{
	struct buf b = { 0 };

	plain_put_lines(&b, "one\ntwo\r\n\x1b three");
	CHECK_STR(buf_text(&b), "one\ntwo\\x0d\n\\x1b three");
	buf_free(&b);
}
