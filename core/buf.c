// SPDX-License-Identifier: MIT
#include "core/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

void
buf_wipe(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_free(b);
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	size_t queued = buf_len(b), cap;

	if (b->off && (queued == 0 || b->cap - b->len < n)) {
		if (queued)
			memmove(b->data, b->data + b->off, queued);
		b->off = 0;
		b->len = queued;
	}
	if (b->cap - b->len < n) {
		for (cap = b->cap ? b->cap : 64; cap - b->len < n;)
			cap *= 2;
		b->data = mem_grow(b->data, cap);
		b->cap = cap;
	}
	return b->data ? b->data + b->len : NULL;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->len);
	b->len += n;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->len += n;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	vsnprintf((char *)buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_take(struct buf *b, size_t n)
{
	assert(n <= buf_len(b));
	b->off += n;
	if (b->off == b->len)
		b->off = b->len = 0;
}

char *
buf_text(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return (char *)(b->data + b->off);
}
