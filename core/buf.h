/* A queue of bytes: put at the end, take from the front.  All zero is empty.
 * 0 <= off <= len <= cap holds always; data is NULL while cap is 0.
 * It has no cap of its own: whoever fills it from a peer sets one. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t off, len, cap;
};

static inline size_t
buf_len(const struct buf *b)
{
	return b->len - b->off;
}

/* Borrowed until the next buf_* call. */
static inline const uint8_t *
buf_peek(const struct buf *b)
{
	return b->data ? b->data + b->off : NULL;
}

void buf_free(struct buf *b);		    /* empty again, memory given back */
uint8_t *buf_room(struct buf *b, size_t n); /* n writable bytes at the end … */
void buf_added(struct buf *b, size_t n);    /* … of which n were written */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
void buf_take(struct buf *b, size_t n); /* n <= buf_len; memory is kept */
void buf_wipe(struct buf *b);		/* as buf_free, for secrets */
char *buf_text(struct buf *b); /* NUL-ended view, borrowed; content unchanged */

#endif
