// SPDX-License-Identifier: MIT
/* What stands between the quotes of a JSON string: out of it, and into it. */
#include "core/json.h"

#include <string.h>

#include "core/utf8.h"

static uint32_t
unit(const char *p) /* four hex digits, checked when they were passed */
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 4 |
		    (uint32_t)(p[i] <= '9' ? p[i] - '0'
					   : (p[i] | 0x20) - 'a' + 10);
	return v;
}

/* A surrogate takes the next unit only if the two make a pair; else the next
 * stands for itself. */
static uint32_t
unicode(const char **p, const char *end)
{
	uint32_t high = unit(*p), low;

	*p += 4;
	if (high >> 10 == 0xd800 >> 10 && end - *p >= 6 && (*p)[0] == '\\' &&
	    (*p)[1] == 'u') {
		low = unit(*p + 2);
		if (low >> 10 == 0xdc00 >> 10) {
			*p += 6;
			return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
		}
	}
	return high;
}

/* One character of the raw text, escapes undone; *p moves behind it. */
static uint32_t
next_rune(const char **p, const char *end)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at;
	uint32_t rune;
	size_t n;
	char c;

	if (**p != '\\') {
		n = utf8_get(*p, (size_t)(end - *p), &rune);
		*p += n ? n : 1;
		return rune;
	}
	c = (*p)[1];
	*p += 2;
	if (c == 'u')
		return unicode(p, end);
	at = strchr(from, c);
	return (uint8_t)(at ? to[at - from] : c);
}

size_t
json_text(const struct json_item *it, char *to)
{
	const char *p = it->raw, *end = p + it->rawlen;
	size_t len = 0;
	char spare[4];

	while (p < end)
		len += utf8_put(to ? to + len : spare, next_rune(&p, end));
	return len;
}

static uint32_t
fold(uint32_t rune)
{
	if (rune >= 'A' && rune <= 'Z')
		return rune | 0x20;
	if (rune == 0x212a) /* the sign for kelvin */
		return 'k';
	return rune == 0x17f ? 's' : rune; /* the long s */
}

bool
json_is(const struct json_item *it, const char *name)
{
	const char *p = it->raw, *end = p + it->rawlen;

	for (; p < end; name++)
		if (!*name || fold(next_rune(&p, end)) != fold((uint8_t)*name))
			return false;
	return !*name;
}

/* The escape for a character, or NULL when it stands for itself. */
static const char *
escape(uint32_t rune, size_t len, char text[7])
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	static const char digits[] = "0123456789abcdef";
	const char *at = rune && rune < 0x80 ? strchr(from, (int)rune) : NULL;
	int i;

	if (at) {
		memcpy(text, (char[]){ '\\', to[at - from], '\0' }, 3);
		return text;
	}
	if (rune >= ' ' && rune != '<' && rune != '>' && rune != '&' &&
	    rune != 0x2028 && rune != 0x2029 && len)
		return NULL;
	memcpy(text, "\\u", 2);
	for (i = 0; i < 4; i++)
		text[2 + i] = digits[rune >> (12 - 4 * i) & 15];
	text[6] = '\0';
	return text;
}

void
json_put_str(struct buf *b, const char *s, size_t n)
{
	size_t i = 0, from = 0, len;
	const char *escaped;
	uint32_t rune;
	char text[7];

	buf_put(b, "\"", 1);
	while (i < n) {
		len = utf8_get(s + i, n - i, &rune);
		escaped = escape(rune, len, text);
		if (escaped) {
			buf_put(b, s + from, i - from);
			buf_puts(b, escaped);
		}
		i += len ? len : 1;
		if (escaped)
			from = i;
	}
	buf_put(b, s + from, n - from);
	buf_put(b, "\"", 1);
}
