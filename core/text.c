// SPDX-License-Identifier: MIT
#include "core/text.h"

#include <string.h>

#include "core/bytes.h"
#include "core/err.h"

void
text_hex(char *to, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		*to++ = digits[p[i] >> 4];
		*to++ = digits[p[i] & 15];
	}
	*to = '\0';
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_unhex(uint8_t *to, const char *s, size_t n)
{
	size_t i;

	if (n % 2)
		return ERR_PROTO;
	for (i = 0; i < n; i += 2) {
		int high = digit(s[i]), low = digit(s[i + 1]);

		if (high < 0 || low < 0)
			return ERR_PROTO;
		*to++ = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
text_b64(char *to, const uint8_t *p, size_t n)
{
	for (; n >= 3; n -= 3, p += 3) {
		*to++ = alphabet[p[0] >> 2];
		*to++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
		*to++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
		*to++ = alphabet[p[2] & 63];
	}
	if (n) {
		uint8_t second = n == 2 ? p[1] : 0;

		*to++ = alphabet[p[0] >> 2];
		*to++ = alphabet[(p[0] & 3) << 4 | second >> 4];
		*to++ = n == 2 ? alphabet[(second & 15) << 2] : '=';
		*to++ = '=';
	}
	*to = '\0';
}

static int
b64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long
text_unb64(uint8_t *to, const char *s, size_t n)
{
	uint32_t acc = 0;
	unsigned have = 0, pads = 0;
	long len = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		int v;

		if (s[i] == '\r' || s[i] == '\n')
			continue;
		if (pads == 0 && s[i] != '=') {
			if ((v = b64_value(s[i])) < 0)
				return ERR_PROTO;
			acc = acc << 6 | (uint32_t)v;
			if (++have == 4) {
				to[len++] = (uint8_t)(acc >> 16);
				to[len++] = (uint8_t)(acc >> 8);
				to[len++] = (uint8_t)acc;
				acc = have = 0;
			}
			continue;
		}
		if (s[i] != '=' || have < 2 || have + ++pads > 4)
			return ERR_PROTO;
	}
	if (have + pads == 0)
		return len;
	if (have + pads != 4 || have < 2)
		return ERR_PROTO;
	to[len++] = (uint8_t)(acc >> (have == 3 ? 10 : 4));
	if (have == 3)
		to[len++] = (uint8_t)(acc >> 2);
	return len;
}

void
text_tag(char to[static TEXT_TAG], const char *id)
{
	size_t n = min_size(strlen(id) / 2, TEXT_TAG - 1);

	memcpy(to, id, n);
	to[n] = '\0';
}
