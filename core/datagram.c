// SPDX-License-Identifier: MIT
#include "core/datagram.h"

#include <string.h>

#include "core/err.h"

static size_t
head_len(uint8_t family)
{
	return family == 4 ? 3 + 4 : family == 6 ? 3 + 16 + 4 : 1;
}

void
datagram_put(struct buf *to, const struct datagram_source *from,
    const void *p, size_t n)
{
	size_t head = head_len(from->family);
	uint8_t *at = buf_room(to, 2 + head + n);

	put_be16(at, (uint16_t)(head + n));
	at[2] = from->family;
	if (from->family) {
		put_be16(at + 3, from->port);
		memcpy(at + 5, from->ip, from->family == 4 ? 4 : 16);
	}
	if (from->family == 6)
		put_be32(at + 21, from->scope);
	if (n)
		memcpy(at + 2 + head, p, n);
	buf_added(to, 2 + head + n);
}

/* One whole frame behind its length. */
static int
open_frame(const uint8_t *p, size_t n, struct datagram_source *from,
    struct span *data)
{
	size_t head = n ? head_len(p[0]) : 1;

	*from = (struct datagram_source){ 0 };
	if (n < head || (p[0] != 0 && p[0] != 4 && p[0] != 6))
		return ERR_PROTO;
	from->family = p[0];
	if (from->family == 0)
		return n == 1 ? 1 : ERR_PROTO;
	from->port = be16(p + 1);
	memcpy(from->ip, p + 3, from->family == 4 ? 4 : 16);
	if (from->family == 6)
		from->scope = be32(p + 19);
	*data = (struct span){ p + head, n - head };
	return data->n <= DATAGRAM_MAX ? 1 : ERR_LIMIT;
}

/* A frame of which a part came before is gathered in part. */
static int
take_gathered(struct datagram_in *d, const uint8_t **p, size_t *n,
    struct datagram_source *from, struct span *data)
{
	size_t have = buf_len(&d->part), want = 2, count;

	if (have >= 2)
		want = 2 + be16(buf_peek(&d->part));
	count = min_size(*n, want - have);
	buf_put(&d->part, *p, count);
	*p += count;
	*n -= count;
	if (have < 2 && buf_len(&d->part) == 2 && *n)
		return take_gathered(d, p, n, from, data);
	if (buf_len(&d->part) < want || want == 2)
		return 0;
	d->spent = want;
	return open_frame(buf_peek(&d->part) + 2, want - 2, from, data);
}

int
datagram_take(struct datagram_in *d, const uint8_t **p, size_t *n,
    struct datagram_source *from, struct span *data)
{
	const uint8_t *at = *p;
	size_t len;
	int r;

	if (d->err)
		return d->err;
	*data = (struct span){ NULL, 0 };
	if (d->spent) {
		d->spent = 0;
		buf_free(&d->part);
	}
	if (buf_len(&d->part) == 0 && *n >= 2 && *n >= 2u + be16(at)) {
		len = be16(at);
		*p += 2 + len;
		*n -= 2 + len;
		r = open_frame(at + 2, len, from, data);
	} else {
		r = take_gathered(d, p, n, from, data);
	}
	return r < 0 ? (d->err = r) : r;
}

void
datagram_release(struct datagram_in *d)
{
	buf_free(&d->part);
}
