// SPDX-License-Identifier: MIT
/* The encoder looks four bytes up in a table of places seen before, as snappy
 * itself does; it hurries through what does not repeat. */
#include "core/snappy.h"

#include <assert.h>
#include <string.h>

#include "core/err.h"
#include "crypto/raw.h"

/* The two low bits of an element's first byte (format_description.txt). */
enum { TAG_LITERAL, TAG_COPY1, TAG_COPY2, TAG_COPY4 };

#define TABLE_BITS 14
#define MARGIN	   15 /* bytes at the end where nothing is looked up */

static uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* The first of the bytes in which a and b differ; they do. */
static size_t
first_other(uint64_t a, uint64_t b)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(a ^ b) / 8;
#else
	return (size_t)__builtin_clzll(a ^ b) / 8;
#endif
}

static size_t
same_bytes(const uint8_t *a, const uint8_t *b, const uint8_t *b_end)
{
	const uint8_t *from = b;

	for (; b_end - b >= 8; a += 8, b += 8)
		if (load64(a) != load64(b))
			return (size_t)(b - from) +
			    first_other(load64(a), load64(b));
	while (b < b_end && *a == *b)
		a++, b++;
	return (size_t)(b - from);
}

/* The place behind what was put, or NULL when end is too near. */
static uint8_t *
put_literal(uint8_t *to, const uint8_t *end, const uint8_t *p, size_t n)
{
	size_t last = n - 1;

	if ((size_t)(end - to) < n + 3)
		return NULL;
	if (last < 60) {
		*to++ = (uint8_t)(last << 2 | TAG_LITERAL);
	} else if (last < 256) {
		*to++ = 60 << 2 | TAG_LITERAL;
		*to++ = (uint8_t)last;
	} else {
		*to++ = 61 << 2 | TAG_LITERAL;
		*to++ = (uint8_t)last;
		*to++ = (uint8_t)(last >> 8);
	}
	memcpy(to, p, n);
	return to + n;
}

static uint8_t *
put_copy2(uint8_t *to, size_t offset, size_t n)
{
	to[0] = (uint8_t)((n - 1) << 2 | TAG_COPY2);
	to[1] = (uint8_t)offset;
	to[2] = (uint8_t)(offset >> 8);
	return to + 3;
}

static uint8_t *
put_copy(uint8_t *to, const uint8_t *end, size_t offset, size_t n)
{
	if ((size_t)(end - to) < n / 60 * 3 + 6)
		return NULL;
	/* what is left over must be 4 or more, the shortest of a copy 1 */
	for (; n >= 68; n -= 64)
		to = put_copy2(to, offset, 64);
	if (n > 64) {
		to = put_copy2(to, offset, 60);
		n -= 60;
	}
	if (n >= 12 || offset >= 2048)
		return put_copy2(to, offset, n);
	to[0] = (uint8_t)(offset >> 8 << 5 | (n - 4) << 2 | TAG_COPY1);
	to[1] = (uint8_t)offset;
	return to + 2;
}

struct search {
	const uint8_t *base;
	unsigned shift;
	uint16_t table[1 << TABLE_BITS];
};

/* Puts at into the table and returns what was there. */
static const uint8_t *
swap_place(struct search *s, const uint8_t *at)
{
	uint16_t *slot = &s->table[load32(at) * 0x1e35a7bdu >> s->shift];
	const uint8_t *was = s->base + *slot;

	*slot = (uint16_t)(at - s->base);
	return was;
}

/* The first place from at on that repeats an earlier one, *was; NULL when
 * there is none before limit.  Each 32 misses make the steps one longer. */
static const uint8_t *
find_match(struct search *s, const uint8_t *at, const uint8_t *limit,
    const uint8_t **was)
{
	size_t skip = 32;

	for (; at <= limit; at += skip++ >> 5) {
		*was = swap_place(s, at);
		if (load32(*was) == load32(at))
			return at;
	}
	return NULL;
}

static uint8_t *
put_elements(uint8_t *to, const uint8_t *end, const uint8_t *p, size_t n)
{
	const uint8_t *stop = p + n, *limit = stop - MARGIN, *done = p, *at,
	    *was;
	struct search s RAW; /* small pieces use little of the table */
	size_t size = 256, len;

	s.base = p;
	for (s.shift = 24; size < n && s.shift > 32 - TABLE_BITS; s.shift--)
		size *= 2;
	memset(s.table, 0, size * sizeof(*s.table));
	/* the first place is in the table already: it is all zeroes */
	for (at = p + 1; to && (at = find_match(&s, at, limit, &was));) {
		if (at > done && !(to = put_literal(to, end, done,
		    (size_t)(at - done))))
			return NULL;
		do {
			len = 4 + same_bytes(was + 4, at + 4, stop);
			to = put_copy(to, end, (size_t)(at - was), len);
			at += len;
			done = at;
			if (!to || at > limit)
				break;
			swap_place(&s, at - 1);
			was = swap_place(&s, at);
		} while (load32(was) == load32(at));
		at++;
	}
	if (to && done < stop)
		to = put_literal(to, end, done, (size_t)(stop - done));
	return to;
}

size_t
snappy_encode(uint8_t *to, size_t cap, const uint8_t *p, size_t n)
{
	const uint8_t *end = to + cap;
	uint8_t *at = to;
	size_t left;

	assert(n <= SNAPPY_BLOCK_MAX);
	if (cap < 3)
		return 0;
	for (left = n; left >= 128; left >>= 7)
		*at++ = (uint8_t)(left | 128);
	*at++ = (uint8_t)left;
	if (n > MARGIN + 1)
		at = put_elements(at, end, p, n);
	else if (n > 0)
		at = put_literal(at, end, p, n);
	return at ? (size_t)(at - to) : 0;
}

int64_t
snappy_len(const uint8_t *p, size_t n, size_t *head)
{
	uint64_t len = 0;
	size_t i;

	for (i = 0; i < n && i < 5; i++) {
		len |= (uint64_t)(p[i] & 127) << 7 * i;
		if (p[i] < 128) {
			*head = i + 1;
			return len <= UINT32_MAX ? (int64_t)len : ERR_PROTO;
		}
	}
	return ERR_PROTO;
}

/* An element that was read: a literal has offset 0. */
struct element {
	size_t len, offset;
};

/* The number in the first 1 to 4 bytes of the n that are there. */
static size_t
load_le(const uint8_t *p, size_t n, size_t bytes)
{
	uint32_t v = 0;
	size_t i;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (n >= 4)
		return load32(p) & UINT32_MAX >> (32 - 8 * bytes);
#else
	(void)n;
#endif
	for (i = 0; i < bytes; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

/* Reads the element at p of n > 0 bytes; how many bytes it took, or 0. */
static size_t
read_element(struct element *e, const uint8_t *p, size_t n)
{
	size_t more, v;

	switch (p[0] & 3) {
	case TAG_COPY1:
		if (n < 2)
			return 0;
		e->len = 4 + (p[0] >> 2 & 7);
		e->offset = (size_t)(p[0] >> 5) << 8 | p[1];
		return e->offset ? 2 : 0;
	case TAG_LITERAL:
		e->offset = 0;
		e->len = (size_t)(p[0] >> 2) + 1;
		if (e->len <= 60)
			return 1;
		more = e->len - 60;
		break;
	default:
		e->len = (size_t)(p[0] >> 2) + 1;
		more = (p[0] & 3) == TAG_COPY2 ? 2 : 4;
	}
	if (n <= more)
		return 0;
	v = load_le(p + 1, n - 1, more);
	if ((p[0] & 3) == TAG_LITERAL)
		e->len = v + 1;
	else if ((e->offset = v) == 0)
		return 0;
	return 1 + more;
}

/* room: bytes that may be written at to, len of them must be.  A copy may
 * reach into what it makes itself: then it repeats. */
static void
repeat(uint8_t *to, size_t room, size_t offset, size_t len)
{
	const uint8_t *from = to - offset;
	size_t i;

	if (offset >= 16 && len <= 64 && room >= 64) {
		for (i = 0; i < len; i += 16)
			memcpy(to + i, from + i, 16);
	} else if (offset >= 8 && room >= len + 7) {
		for (i = 0; i < len; i += 8)
			memcpy(to + i, from + i, 8);
	} else if (offset >= len) {
		memcpy(to, from, len);
	} else if (offset == 1) {
		memset(to, *from, len);
	} else {
		for (i = 0; i < len; i++)
			to[i] = from[i];
	}
}

int
snappy_decode(uint8_t *to, size_t len, const uint8_t *p, size_t n)
{
	const uint8_t *start = to, *end = to + len, *stop = p + n;
	struct element e;
	size_t head;

	while (p < stop) {
		head = read_element(&e, p, (size_t)(stop - p));
		if (head == 0 || e.len > (size_t)(end - to))
			return ERR_PROTO;
		p += head;
		if (e.offset > (size_t)(to - start))
			return ERR_PROTO;
		if (e.offset) {
			repeat(to, (size_t)(end - to), e.offset, e.len);
		} else if (e.len <= 16 && stop - p >= 16 && end - to >= 16) {
			memcpy(to, p, 16);
			p += e.len;
		} else {
			if (e.len > (size_t)(stop - p))
				return ERR_PROTO;
			memcpy(to, p, e.len);
			p += e.len;
		}
		to += e.len;
	}
	return to == end ? 0 : ERR_PROTO;
}
