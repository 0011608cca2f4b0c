// SPDX-License-Identifier: MIT
#include "core/ip_text.h"

#include <stdbool.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
read_v4(uint8_t *to, const char *s, size_t n)
{
	const char *end = s + n, *from;
	unsigned v;
	int i;

	for (i = 0; i < 4; i++) {
		from = s;
		for (v = 0; s < end && is_digit(*s) && s - from < 3; s++)
			v = v * 10 + (unsigned)(*s - '0');
		if (s == from || v > 255 || (*from == '0' && s - from > 1))
			return false;
		to[i] = (uint8_t)v;
		if (i < 3 && (s == end || *s++ != '.'))
			return false;
	}
	return s == end;
}

static int
hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group of up to four digits; how many there were. */
static size_t
read_group(unsigned *v, const char *s, const char *end)
{
	size_t i;

	*v = 0;
	for (i = 0; i < 4 && s + i < end && hex(s[i]) >= 0; i++)
		*v = *v << 4 | (unsigned)hex(s[i]);
	return i;
}

static bool
read_v6(uint8_t *to, const char *s, size_t n)
{
	const char *end = s + n;
	size_t have = 0, gap = 17, len; /* gap: where :: stands */
	unsigned v;

	memset(to, 0, 16);
	if (n >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 0;
		s += 2;
	}
	while (s < end && have < 16) {
		len = read_group(&v, s, end);
		if (s + len < end && s[len] == '.') {
			if (have > 12 || !read_v4(to + have, s,
			    (size_t)(end - s)))
				return false;
			have += 4;
			s = end;
			break;
		}
		if (len == 0)
			return false;
		to[have++] = (uint8_t)(v >> 8);
		to[have++] = (uint8_t)v;
		s += len;
		if (s == end)
			break;
		if (*s++ != ':' || s == end)
			return false;
		if (*s == ':') {
			if (gap < 17)
				return false;
			gap = have;
			s++;
		}
	}
	if (s < end || (gap > 16 && have < 16) || (gap <= 16 && have > 14))
		return false;
	if (gap <= 16 && have < 16) {
		memmove(to + 16 - (have - gap), to + gap, have - gap);
		memset(to + gap, 0, 16 - have);
	}
	return true;
}

size_t
ip_text_read(uint8_t to[static 16], const char *s, size_t n)
{
	if (memchr(s, ':', n))
		return read_v6(to, s, n) ? 16 : 0;
	return read_v4(to, s, n) ? 4 : 0;
}

size_t
ip_text_unmap(uint8_t ip[static 16], size_t len)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (len != 16 || memcmp(ip, mapped, sizeof(mapped)) != 0)
		return len;
	memmove(ip, ip + 12, 4);
	return 4;
}
