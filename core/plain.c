// SPDX-License-Identifier: MIT
#include "core/plain.h"

#include <string.h>

#include "core/utf8.h"

#define MOST 16 /* of one character: four bytes as \xNN */

bool
plain_is(uint32_t rune)
{
	return rune >= ' ' && (rune < 0x7f || rune > 0x9f) && /* C0, C1 */
	    (rune < 0x2028 || rune > 0x2029) &&		       /* line ends */
	    (rune < 0x202a || rune > 0x202e) && /* directions, these */
	    (rune < 0x2066 || rune > 0x2069) && /* and all others */
	    rune != 0x200e && rune != 0x200f && rune != 0x61c;
}

/* The character at from, of which there are n > 0 bytes; *len of them were
 * taken. */
static size_t
next(char to[static MOST], const char *from, size_t n, size_t *len)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t rune;
	size_t i;

	*len = utf8_get(from, n, &rune);
	if (*len && plain_is(rune)) {
		memcpy(to, from, *len);
		return *len;
	}
	*len = *len ? *len : 1;
	for (i = 0; i < *len; i++) {
		uint8_t c = (uint8_t)from[i];

		to[4 * i] = '\\';
		to[4 * i + 1] = 'x';
		to[4 * i + 2] = digits[c >> 4];
		to[4 * i + 3] = digits[c & 15];
	}
	return 4 * *len;
}

void
plain_copy(char *to, size_t room, const char *from)
{
	size_t left = strlen(from), at = 0, len, n;
	char one[MOST];

	for (; left; from += len, left -= len, at += n) {
		n = next(one, from, left, &len);
		if (at + n >= room)
			break;
		memcpy(to + at, one, n);
	}
	to[at] = '\0';
}

static void
put(struct buf *to, const char *from, bool lines)
{
	size_t left = strlen(from), len, n;
	char one[MOST];

	for (; left; from += len, left -= len) {
		n = next(one, from, left, &len);
		if (lines && *from == '\n')
			buf_put(to, from, 1);
		else
			buf_put(to, one, n);
	}
}

void
plain_put(struct buf *to, const char *from)
{
	put(to, from, false);
}

void
plain_put_lines(struct buf *to, const char *from)
{
	put(to, from, true);
}
