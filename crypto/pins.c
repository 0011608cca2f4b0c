// SPDX-License-Identifier: MIT
#include "crypto/pins.h"

#include <stdio.h>
#include <string.h>

#define MARK   (sizeof(PINS_PREFIX) - 1)
#define LENGTH (PINS_SIZE - 1)

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_one(uint8_t to[static SHA256_LEN], const char *text, size_t n)
{
	int high, low;
	size_t i;

	if (n != LENGTH || memcmp(text, PINS_PREFIX, MARK) != 0)
		return false;
	for (i = 0; i < SHA256_LEN; i++) {
		high = hex_digit(text[MARK + 2 * i]);
		low = hex_digit(text[MARK + 2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

const char *
pins_read(struct pins *to, const char *text)
{
	const char *why = NULL;
	size_t n;

	to->n = 0;
	do {
		n = strcspn(text, ",");
		if (to->n == PINS_MAX)
			why = "there are more than 16 pins";
		else if (!read_one(to->v[to->n++], text, n))
			why = "pin must be \"" PINS_PREFIX "\" and 64 hex "
			      "digits, several with commas between";
		text += n + 1;
	} while (!why && text[-1]);
	if (why)
		to->n = 0;
	return why;
}

bool
pins_have(const struct pins *p, const uint8_t digest[static SHA256_LEN])
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (memcmp(p->v[i], digest, SHA256_LEN) == 0)
			return true;
	return false;
}

void
pins_put(char to[static PINS_SIZE], const uint8_t digest[static SHA256_LEN])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	memcpy(to, PINS_PREFIX, MARK);
	for (i = 0; i < SHA256_LEN; i++) {
		to[MARK + 2 * i] = digits[digest[i] >> 4];
		to[MARK + 2 * i + 1] = digits[digest[i] & 15];
	}
	to[LENGTH] = '\0';
}

void
pins_words(char to[static PINS_WORDS], const struct pins *p)
{
	char *at = to;
	size_t i;

	*to = '\0';
	for (i = 0; i < p->n && i < 2; i++) {
		at = i ? stpcpy(at, " or ") : at;
		pins_put(at, p->v[i]);
		at += LENGTH;
	}
	if (p->n > 2)
		snprintf(at, 20, " or %u others", (unsigned)p->n - 2);
}
