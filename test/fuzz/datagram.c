// SPDX-License-Identifier: MIT
/* Our datagram frames: the same comes out whole and cut anywhere, and what is
 * put is what is taken. */
#include <stdlib.h>
#include <string.h>

#include "core/datagram.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static size_t
take_all(const uint8_t *p, size_t n, size_t cut, struct buf *to, int *end)
{
	struct datagram_in d = { 0 };
	struct datagram_source from;
	struct span data;
	size_t count = 0;
	int part, r = 0;

	for (part = 0; part < 2 && r >= 0; part++) {
		const uint8_t *at = part ? p + cut : p;
		size_t left = part ? n - cut : cut;

		while ((r = datagram_take(&d, &at, &left, &from, &data)) > 0) {
			datagram_put(to, &from, data.p, data.n);
			count++;
		}
	}
	*end = r;
	datagram_release(&d);
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf whole = { 0 }, cut = { 0 };
	size_t at = n ? p[0] % (n + 1) : 0, a, b;
	int x, y;

	a = take_all(p, n, n, &whole, &x);
	b = take_all(p, n, at, &cut, &y);
	if (a != b || x != y || buf_len(&whole) != buf_len(&cut) ||
	    (buf_len(&cut) &&
		memcmp(buf_peek(&whole), buf_peek(&cut), buf_len(&cut)) != 0))
		abort();
	/* what was put again is what came, as far as it made sense */
	if (buf_len(&whole) > n ||
	    (a && memcmp(buf_peek(&whole), p, buf_len(&whole)) != 0))
		abort();
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
