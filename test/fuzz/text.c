// SPDX-License-Identifier: MIT
/* Bytes to text and back; and text that may be none. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = malloc(2 * n + TEXT_B64_LEN(n) + 1);
	uint8_t *back = malloc(n + 1), *place = malloc(n + 1);
	long len;

	text_hex(text, p, n);
	must(text_unhex(back, text, 2 * n) == 0 && !memcmp(back, p, n));
	text_b64(text, p, n);
	must(strlen(text) == TEXT_B64_LEN(n));
	must(text_unb64((uint8_t *)text, text, TEXT_B64_LEN(n)) == (long)n);
	must(!memcmp(text, p, n));
	text_unhex(back, (const char *)p, n);
	len = text_unb64(back, (const char *)p, n);
	memcpy(place, p, n);
	must(text_unb64(place, (char *)place, n) == len);
	must(len <= (long)(n / 4 * 3));
	must(len <= 0 || !memcmp(place, back, (size_t)len));
	free(place);
	free(back);
	free(text);
	return 0;
}
