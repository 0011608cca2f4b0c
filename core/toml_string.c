// SPDX-License-Identifier: MIT
/* The four kinds of TOML string.  Control characters and bad UTF-8 were
 * refused before, for the whole text at once. */
#include "core/toml_read.h"

#include <string.h>

#include "core/err.h"
#include "core/utf8.h"

static int
hex(struct toml *t, int digits, struct buf *to)
{
	uint32_t v = 0;
	char text[4];

	for (; digits > 0; digits--, t->p++) {
		char c = t->p < t->end ? *t->p : '\0', low = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (uint32_t)(low - 'a' + 10);
		else
			return toml_fail(t, "a hexadecimal digit is missing");
	}
	if (v > 0x10ffff || v >> 11 == 0xd800 >> 11)
		return toml_fail(t, "there is no such Unicode character");
	buf_put(to, text, utf8_put(text, v));
	return 0;
}

static int
escape(struct toml *t, struct buf *to)
{
	static const char from[] = "btnfr\"\\", into[] = "\b\t\n\f\r\"\\";
	char c = t->p < t->end ? *t->p : '\0';
	const char *at = c ? strchr(from, c) : NULL;

	if (at) {
		buf_put(to, &into[at - from], 1);
		t->p++;
		return 0;
	}
	if (c != 'u' && c != 'U')
		return toml_fail(t, "there is no such escape; write \\\\ for a "
				    "backslash, or use '…'");
	t->p++;
	return hex(t, c == 'u' ? 4 : 8, to);
}

/* A backslash at the end of a line eats all blanks up to the next text. */
static bool
line_continues(struct toml *t)
{
	struct toml at = *t;

	toml_skip_blank(&at);
	if (!toml_newline(&at))
		return false;
	do
		toml_skip_blank(&at);
	while (toml_newline(&at));
	*t = at;
	return true;
}

static int
one_line(struct toml *t, struct buf *to, char quote)
{
	t->p++;
	while (!toml_take(t, quote)) {
		if (t->p == t->end || *t->p == '\n' || *t->p == '\r')
			return toml_fail(t, "the string does not end");
		if (quote == '"' && toml_take(t, '\\')) {
			if (escape(t, to) < 0)
				return ERR_PROTO;
			continue;
		}
		buf_put(to, t->p++, 1);
	}
	return 0;
}

static int
many_lines(struct toml *t, struct buf *to, char quote)
{
	const char *close = quote == '"' ? "\"\"\"" : "'''", *from;
	int i;

	t->p += 3;
	toml_newline(t);
	while (!toml_at(t, close)) {
		from = t->p;
		if (t->p == t->end)
			return toml_fail(t, "the string does not end");
		if (toml_newline(t)) {
			buf_put(to, from, (size_t)(t->p - from));
			continue;
		}
		if (quote == '"' && toml_take(t, '\\')) {
			if (!line_continues(t) && escape(t, to) < 0)
				return ERR_PROTO;
			continue;
		}
		buf_put(to, t->p++, 1);
	}
	t->p += 3;
	/* one or two more quotes before the closing three belong to the text */
	for (i = 0; i < 2 && toml_take(t, quote); i++)
		buf_put(to, &quote, 1);
	return 0;
}

int
toml_string_line(struct toml *t, struct buf *to)
{
	return one_line(t, to, *t->p);
}

int
toml_string(struct toml *t, struct buf *to)
{
	if (toml_at(t, "\"\"\"") || toml_at(t, "'''"))
		return many_lines(t, to, *t->p);
	return one_line(t, to, *t->p);
}
