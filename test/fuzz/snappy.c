// SPDX-License-Identifier: MIT
/* The input is a stream to read in pieces, a block to decode, and plain bytes
 * that must come back from being encoded. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/filter_snappy.h"
#include "core/snappy.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int
decode(struct filter_snappy *f, const uint8_t *p, size_t n, size_t piece,
    struct buf *to)
{
	struct span s;
	uint8_t *copy;
	size_t part;
	int r = 0;

	for (; n > 0 && r == 0; p += part, n -= part) {
		part = min_size(n, piece);
		copy = malloc(part);
		memcpy(copy, p, part);
		filter_snappy_feed(f, copy, part);
		while ((r = filter_snappy_next(f, &s)) > 0) {
			assert(s.n > 0 && s.n <= SNAPPY_BLOCK_MAX);
			buf_put(to, s.p, s.n);
		}
		free(copy);
		assert(f->held.cap <= 131072);
	}
	return r;
}

/* Cut or not, the same bytes and the same verdict. */
static void
stream(const uint8_t *p, size_t n, size_t piece)
{
	struct filter_snappy a = { 0 }, b = { 0 };
	struct buf one = { 0 }, other = { 0 };
	int r = decode(&a, p, n, n + 1, &one);

	assert(decode(&b, p, n, piece, &other) == r);
	assert(filter_snappy_whole(&a) == filter_snappy_whole(&b));
	assert(buf_len(&one) == buf_len(&other));
	assert(buf_len(&one) == 0 || memcmp(buf_peek(&one), buf_peek(&other),
	    buf_len(&one)) == 0);
	buf_free(&one);
	buf_free(&other);
	filter_snappy_release(&a);
	filter_snappy_release(&b);
}

static void
block(const uint8_t *p, size_t n)
{
	size_t head;
	int64_t len = snappy_len(p, n, &head);
	uint8_t *to;

	if (len < 0 || len > SNAPPY_BLOCK_MAX)
		return;
	to = malloc((size_t)len + 1);
	snappy_decode(to, (size_t)len, p + head, n - head);
	free(to);
}

static void
round_trip(const uint8_t *p, size_t n, size_t piece)
{
	struct filter_snappy f = { 0 };
	struct buf wire = { 0 }, plain = { 0 };

	filter_snappy_encode(&f, &wire, p, n / 2);
	filter_snappy_encode(&f, &wire, p + n / 2, n - n / 2);
	assert(buf_len(&wire) <= n + 10 + 16);
	assert(decode(&f, buf_peek(&wire), buf_len(&wire), piece,
	    &plain) == 0);
	assert(filter_snappy_whole(&f) && buf_len(&plain) == n);
	assert(n == 0 || memcmp(buf_peek(&plain), p, n) == 0);
	buf_free(&wire);
	buf_free(&plain);
	filter_snappy_release(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t piece;

	if (n == 0)
		return 0;
	piece = 1 + p[0] % 32;
	stream(p + 1, n - 1, piece);
	block(p + 1, n - 1);
	round_trip(p + 1, n - 1, piece);
	return 0;
}
