// SPDX-License-Identifier: MIT
#include "core/datagram.h"
#include "core/err.h"
#include "test/t.h"

static void
sample(struct buf *b)
{
	struct datagram_source four = { .family = 4, .port = 51000,
		.ip = { 203, 0, 113, 9 } };
	struct datagram_source six = { .family = 6, .port = 53,
		.ip = { 0xfe, 0x80, [15] = 1 }, .scope = 3 };
	struct datagram_source none = { 0 };

	datagram_put(b, &four, "hi", 2);
	datagram_put(b, &none, NULL, 0);
	datagram_put(b, &six, "", 0);
	datagram_put(b, &four, "again", 5);
}

/* Checks frame number k of the sample. */
static void
check(int k, const struct datagram_source *from, const struct span *data)
{
	if (k == 0)
		CHECK(from->family == 4 && from->port == 51000 &&
		    from->ip[0] == 203 && data->n == 2 &&
		    memcmp(data->p, "hi", 2) == 0);
	if (k == 1)
		CHECK(from->family == 0 && data->n == 0);
	if (k == 2)
		CHECK(from->family == 6 && from->scope == 3 &&
		    from->ip[15] == 1 && data->n == 0);
	if (k == 3)
		CHECK(data->n == 5 && memcmp(data->p, "again", 5) == 0);
}

static int
feed(struct datagram_in *d, const uint8_t *p, size_t n, int seen)
{
	struct datagram_source from;
	struct span data;
	int r;

	while ((r = datagram_take(d, &p, &n, &from, &data)) > 0)
		check(seen++, &from, &data);
	CHECK(r == 0 && n == 0);
	return seen;
}

TEST(datagrams_come_out_the_same_at_every_split)
{
	struct buf b = { 0 };
	size_t cut;

	sample(&b);
	for (cut = 0; cut <= buf_len(&b); cut++) {
		struct datagram_in d = { 0 };
		int seen = feed(&d, buf_peek(&b), cut, 0);

		seen = feed(&d, buf_peek(&b) + cut, buf_len(&b) - cut, seen);
		CHECK(seen == 4);
		datagram_release(&d);
	}
	buf_free(&b);
}

TEST(datagrams_come_out_the_same_one_byte_at_a_time)
{
	struct datagram_in d = { 0 };
	struct buf b = { 0 };
	size_t i;
	int seen = 0;

	sample(&b);
	for (i = 0; i < buf_len(&b); i++)
		seen = feed(&d, buf_peek(&b) + i, 1, seen);
	CHECK(seen == 4);
	datagram_release(&d);
	buf_free(&b);
}

static int
first(const void *bytes, size_t n)
{
	struct datagram_in d = { 0 };
	struct datagram_source from;
	struct span data;
	const uint8_t *p = bytes;
	int r = datagram_take(&d, &p, &n, &from, &data);

	if (r < 0) /* and it stays so */
		CHECK(datagram_take(&d, &p, &n, &from, &data) == r);
	datagram_release(&d);
	return r;
}

TEST(datagrams_that_make_no_sense_are_refused)
{
	CHECK(first("\0\0", 2) == ERR_PROTO);
	CHECK(first("\0\1\5", 3) == ERR_PROTO);
	CHECK(first("\0\2\0x", 4) == ERR_PROTO);
	CHECK(first("\0\6\4\0\1\1\1\1", 8) == ERR_PROTO);
	CHECK(first("\0\7\4\0\1\1\1\1\1", 9) == 1);
}

TEST(the_largest_datagram_fits_and_a_larger_one_does_not)
{
	struct datagram_source six = { .family = 6 };
	uint8_t *big = calloc(1, DATAGRAM_MAX + 1);
	struct buf b = { 0 };

	datagram_put(&b, &six, big, DATAGRAM_MAX);
	CHECK(first(buf_peek(&b), buf_len(&b)) == 1);
	buf_free(&b);
	six.family = 4;
	datagram_put(&b, &six, big, DATAGRAM_MAX + 1);
	CHECK(first(buf_peek(&b), buf_len(&b)) == ERR_LIMIT);
	buf_free(&b);
	free(big);
}
