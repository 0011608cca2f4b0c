/* Bytes written down as hex digits. */
#ifndef TEST_CRYPTO_HEX_H
#define TEST_CRYPTO_HEX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline size_t
hex_read(uint8_t *to, const char *hex)
{
	size_t n = 0;
	unsigned byte;

	while (sscanf(hex, "%2x", &byte) == 1) {
		to[n++] = (uint8_t)byte;
		hex += 2;
	}
	return n;
}

static inline bool
hex_is(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t want[512];

	return strlen(hex) == 2 * n && hex_read(want, hex) == n &&
	    memcmp(p, want, n) == 0;
}

#endif
