// SPDX-License-Identifier: MIT
/* The first byte says how the rest is cut: the same messages must come out,
 * and the same error, as from all of it at once. */
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int
run(struct buf *seen, const uint8_t *p, size_t n, uint32_t cut, size_t *left)
{
	struct wire w = { 0 };
	struct msg m;
	int r = 0;

	while (n && r == 0) {
		size_t part = n;

		if (cut) {
			cut = cut * 1664525 + 1013904223;
			part = min_size(n, 1 + (cut >> 28));
		}
		n -= part;
		do {
			const uint8_t *from = p;
			size_t before = part;

			r = wire_take(&w, &p, &part, &m);
			if (part > before || p != from + (before - part) ||
			    (r == 0 && part))
				abort();
			if (r == 1) {
				wire_put(seen, &m);
				msg_release(&m);
			}
		} while (r == 1 && part);
		n += part;
		r = r == 1 ? 0 : r;
	}
	wire_release(&w);
	*left = n;
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf one = { 0 }, two = { 0 };
	size_t left, left2;
	int r;

	if (n < 2)
		return 0;
	r = run(&one, p + 1, n - 1, 0, &left);
	if (run(&two, p + 1, n - 1, 1u + *p, &left2) != r)
		abort();
	if (buf_len(&one) != buf_len(&two) ||
	    strcmp(buf_text(&one), buf_text(&two)) != 0)
		abort();
	if (r == 0 && left != left2)
		abort();
	buf_free(&one);
	buf_free(&two);
	return 0;
}
