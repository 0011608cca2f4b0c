// SPDX-License-Identifier: MIT
#include "core/filter_snappy.h"

#include <string.h>

#include "core/crc32c.h"
#include "core/err.h"
#include "core/snappy.h"

/* Numbers of framing_format.txt. */
enum {
	CHUNK_COMPRESSED = 0x00,
	CHUNK_PLAIN = 0x01,
	CHUNK_SKIP = 0x80, /* and above, up to … */
	CHUNK_IDENTIFIER = 0xff,
};

#define HEAD	 4 /* type, length */
#define SUM	 4
#define LONGEST (SUM + SNAPPY_BOUND(SNAPPY_BLOCK_MAX)) /* as Go's reader */

static const uint8_t identifier[] = {
	CHUNK_IDENTIFIER, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'
};

static uint32_t
masked_sum(const uint8_t *p, size_t n)
{
	uint32_t crc = crc32c(0, p, n);

	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static size_t
le24(const uint8_t *p)
{
	return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
}

static void
put_le(uint8_t *to, uint32_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		*to++ = (uint8_t)v;
}

void
filter_snappy_release(struct filter_snappy *f)
{
	buf_free(&f->held);
	buf_free(&f->plain);
}

static void
put_chunk(struct buf *to, const uint8_t *p, size_t n)
{
	uint8_t *at = buf_room(to, HEAD + SUM + n);
	size_t len;

	/* compressed only where that saves an eighth, so the room suffices */
	len = snappy_encode(at + HEAD + SUM, n - n / 8 - 1, p, n);
	at[0] = len ? CHUNK_COMPRESSED : CHUNK_PLAIN;
	if (len == 0) {
		memcpy(at + HEAD + SUM, p, n);
		len = n;
	}
	put_le(at + 1, (uint32_t)(SUM + len), 3);
	put_le(at + HEAD, masked_sum(p, n), 4);
	buf_added(to, HEAD + SUM + len);
}

void
filter_snappy_encode(struct filter_snappy *f, struct buf *to, const void *data,
    size_t n)
{
	const uint8_t *p = data;
	size_t part;

	if (n > 0 && !f->begun) {
		buf_put(to, identifier, sizeof(identifier));
		f->begun = true;
	}
	for (; n > 0; p += part, n -= part) {
		part = min_size(n, SNAPPY_BLOCK_MAX);
		put_chunk(to, p, part);
	}
}

void
filter_snappy_feed(struct filter_snappy *f, const uint8_t *p, size_t n)
{
	f->in = (struct span){ p, n };
}

static void
pass(struct filter_snappy *f, size_t n)
{
	f->in.p += n;
	f->in.n -= n;
}

/* The want bytes at the front, in one piece; NULL while they are not there,
 * then those that are have been put aside. */
static const uint8_t *
front(struct filter_snappy *f, size_t want)
{
	size_t n = buf_len(&f->held);

	if (n == 0 && f->in.n >= want)
		return f->in.p;
	if (n < want) {
		n = min_size(want - n, f->in.n);
		buf_put(&f->held, f->in.p, n);
		if (n > 0)
			pass(f, n);
	}
	return buf_len(&f->held) < want ? NULL : buf_peek(&f->held);
}

/* What was in front is done with, once the next call comes. */
static void
drop(struct filter_snappy *f, size_t n)
{
	if (buf_len(&f->held) > 0)
		f->spent = true;
	else
		pass(f, n);
}

/* Is a chunk of that type and length fit to come?  Said before it does. */
static bool
head_fits(const struct filter_snappy *f, uint8_t type, size_t len)
{
	if (type == CHUNK_IDENTIFIER)
		return len == sizeof(identifier) - HEAD;
	if (!f->met || len > LONGEST)
		return false;
	if (type == CHUNK_PLAIN)
		return len >= SUM && len - SUM <= SNAPPY_BLOCK_MAX;
	if (type == CHUNK_COMPRESSED)
		return len > SUM;
	return type >= CHUNK_SKIP;
}

static int
expand(struct filter_snappy *f, const uint8_t *p, size_t n, struct span *plain)
{
	size_t head;
	int64_t len = snappy_len(p, n, &head);
	uint8_t *to;

	if (len < 0 || len > SNAPPY_BLOCK_MAX)
		return ERR_PROTO;
	buf_take(&f->plain, buf_len(&f->plain));
	to = buf_room(&f->plain, (size_t)len + 1);
	if (snappy_decode(to, (size_t)len, p + head, n - head) < 0)
		return ERR_PROTO;
	*plain = (struct span){ to, (size_t)len };
	return 0;
}

/* The body of a chunk that is here whole.  *plain may stay empty. */
static int
open_chunk(struct filter_snappy *f, const uint8_t *p, size_t n,
    struct span *plain)
{
	uint8_t sum[SUM];

	*plain = (struct span){ NULL, 0 };
	if (p[0] == CHUNK_IDENTIFIER) {
		f->met = true;
		return memcmp(p, identifier, n) == 0 ? 0 : ERR_PROTO;
	}
	if (p[0] == CHUNK_PLAIN)
		*plain = (struct span){ p + HEAD + SUM, n - HEAD - SUM };
	else if (expand(f, p + HEAD + SUM, n - HEAD - SUM, plain) < 0)
		return ERR_PROTO;
	put_le(sum, masked_sum(plain->p, plain->n), SUM);
	return memcmp(sum, p + HEAD, SUM) == 0 ? 0 : ERR_PROTO;
}

/* 1: a chunk was dealt with, 0: not whole yet, <0: broken. */
static int
step(struct filter_snappy *f, struct span *plain)
{
	const uint8_t *p;
	size_t n;

	*plain = (struct span){ NULL, 0 };
	if (f->spent)
		buf_take(&f->held, buf_len(&f->held));
	f->spent = false;
	n = min_size(f->skip, f->in.n);
	f->skip -= n;
	if (n > 0)
		pass(f, n);
	if (f->skip > 0 || !(p = front(f, HEAD)))
		return 0;
	n = le24(p + 1);
	if (!head_fits(f, p[0], n))
		return ERR_PROTO;
	if (p[0] >= CHUNK_SKIP && p[0] != CHUNK_IDENTIFIER) {
		f->skip = n;
		drop(f, HEAD);
		return 1;
	}
	n += HEAD;
	if (!(p = front(f, n)))
		return 0;
	drop(f, n);
	return open_chunk(f, p, n, plain) < 0 ? ERR_PROTO : 1;
}

int
filter_snappy_next(struct filter_snappy *f, struct span *plain)
{
	int r;

	if (f->err)
		return f->err;
	do
		r = step(f, plain);
	while (r > 0 && plain->n == 0);
	if (r > 0)
		return r;
	f->err = r;
	buf_free(&f->plain);
	if (buf_len(&f->held) == 0 || r < 0)
		buf_free(&f->held);
	f->in = (struct span){ NULL, 0 };
	return r;
}

bool
filter_snappy_whole(const struct filter_snappy *f)
{
	return !f->err && f->skip == 0 &&
	    (f->spent || buf_len(&f->held) == 0);
}
