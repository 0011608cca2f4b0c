// SPDX-License-Identifier: MIT
#include "core/utf8.h"

size_t
utf8_get(const char *p, size_t n, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = (uint8_t)*p;
	uint32_t r = first;
	size_t len = 1, i;

	if (first >= 0x80) {
		len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
		*rune = UTF8_BAD;
		if (first < 0xc0 || first > 0xf4 || n < len)
			return 0;
		r = first & (0x7fu >> len);
		for (i = 1; i < len; i++) {
			if (((uint8_t)p[i] & 0xc0) != 0x80)
				return 0;
			r = r << 6 | ((uint8_t)p[i] & 0x3f);
		}
		if (r < least[len] || r > 0x10ffff || r >> 11 == 0xd800 >> 11)
			return 0;
	}
	*rune = r;
	return len;
}

size_t
utf8_put(char *to, uint32_t rune)
{
	if (rune > 0x10ffff || rune >> 11 == 0xd800 >> 11)
		rune = UTF8_BAD;
	if (rune < 0x80) {
		to[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		to[0] = (char)(0xc0 | rune >> 6);
		to[1] = (char)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune < 0x10000) {
		to[0] = (char)(0xe0 | rune >> 12);
		to[1] = (char)(0x80 | (rune >> 6 & 0x3f));
		to[2] = (char)(0x80 | (rune & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | rune >> 18);
	to[1] = (char)(0x80 | (rune >> 12 & 0x3f));
	to[2] = (char)(0x80 | (rune >> 6 & 0x3f));
	to[3] = (char)(0x80 | (rune & 0x3f));
	return 4;
}
