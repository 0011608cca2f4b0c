// SPDX-License-Identifier: MIT
#include "core/ws_frame.h"

#include <string.h>

#include "core/bytes.h"
#include "core/err.h"

/* RFC 6455, 5.2. */
enum {
	FIN = 0x80,
	RESERVED = 0x70,
	OPCODE = 0x0f,
	MASKED = 0x80,
	LENGTH = 0x7f,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
};
enum { CONTINUED, TEXT, BINARY, CLOSE = 8, PING, PONG };

void
ws_frame_init(struct ws_frame *w, bool server,
    const uint8_t key[static WS_FRAME_KEY_LEN])
{
	*w = (struct ws_frame){ .server = server };
	memcpy(w->key_out, key, sizeof(w->key_out));
}

void
ws_frame_release(struct ws_frame *w)
{
	buf_free(&w->out);
}

void
ws_frame_mask(uint8_t *p, size_t n,
    const uint8_t key[static WS_FRAME_KEY_LEN], uint64_t at)
{
	uint8_t turned[8];
	uint64_t k, v[4];
	size_t i;

	for (i = 0; i < 8; i++)
		turned[i] = key[(at + i) & 3];
	memcpy(&k, turned, 8);
	for (; n >= 32; p += 32, n -= 32) {
		memcpy(v, p, 32);
		for (i = 0; i < 4; i++)
			v[i] ^= k;
		memcpy(p, v, 32);
	}
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(v, p, 8);
		v[0] ^= k;
		memcpy(p, v, 8);
	}
	for (i = 0; i < n; i++)
		p[i] ^= turned[i];
}

static size_t
put_head(uint8_t *to, unsigned opcode, uint64_t n, const uint8_t *key)
{
	size_t at = 2;

	to[0] = (uint8_t)(FIN | opcode);
	if (n < LENGTH_16) {
		to[1] = (uint8_t)n;
	} else if (n <= 0xffff) {
		to[1] = LENGTH_16;
		put_be16(to + 2, (uint16_t)n);
		at += 2;
	} else {
		to[1] = LENGTH_64;
		put_be64(to + 2, n);
		at += 8;
	}
	if (!key)
		return at;
	to[1] |= MASKED;
	memcpy(to + at, key, WS_FRAME_KEY_LEN);
	return at + WS_FRAME_KEY_LEN;
}

static void
put_frame(struct buf *to, unsigned opcode, const void *p, size_t n,
    const uint8_t *key)
{
	uint8_t *at = buf_room(to, WS_FRAME_HEAD_MAX + n);
	size_t head = put_head(at, opcode, n, key);

	if (n > 0)
		memcpy(at + head, p, n);
	if (key)
		ws_frame_mask(at + head, n, key, 0);
	buf_added(to, head + n);
}

size_t
ws_frame_head(uint8_t to[static WS_FRAME_HEAD_MAX], uint64_t n,
    const uint8_t *key)
{
	return put_head(to, BINARY, n, key);
}

void
ws_frame_put(struct buf *to, const void *p, size_t n, const uint8_t *key)
{
	if (n > 0)
		put_frame(to, BINARY, p, n, key);
}

void
ws_frame_close(struct ws_frame *w, unsigned code)
{
	uint8_t p[2];

	if (w->closed)
		return;
	w->closed = true;
	put_be16(p, (uint16_t)code);
	put_frame(&w->out, CLOSE, p, code == WS_FRAME_NO_CODE ? 0 : 2,
	    w->server ? NULL : w->key_out);
}

void
ws_frame_feed(struct ws_frame *w, uint8_t *p, size_t n)
{
	w->in = p;
	w->n = n;
}

static int
fail(struct ws_frame *w)
{
	ws_frame_close(w, WS_FRAME_VIOLATION);
	return w->err = ERR_PROTO;
}

/* May the frame go on, as far as its first two bytes tell? */
static bool
begins_well(const struct ws_frame *w)
{
	unsigned opcode = w->head[0] & OPCODE;

	if (w->head[0] & RESERVED || !(w->head[1] & MASKED) == w->server)
		return false;
	if (opcode < CLOSE)
		return opcode <= BINARY;
	return opcode <= PONG && w->head[0] & FIN &&
	    (w->head[1] & LENGTH) <= WS_FRAME_CONTROL;
}

/* How long the head is, once two bytes are there. */
static uint8_t
head_len(const struct ws_frame *w)
{
	unsigned len = w->head[1] & LENGTH, n = 2;

	if (len >= LENGTH_16)
		n += len == LENGTH_16 ? 2 : 8;
	return (uint8_t)(w->head[1] & MASKED ? n + WS_FRAME_KEY_LEN : n);
}

/* Takes bytes until there are so many of the head. */
static bool
take_head(struct ws_frame *w, uint8_t want)
{
	size_t n;

	if (w->have >= want)
		return true;
	n = min_size((size_t)(want - w->have), w->n);
	if (n == 0)
		return false;
	memcpy(w->head + w->have, w->in, n);
	w->have = (uint8_t)(w->have + n);
	w->in += n;
	w->n -= n;
	return w->have == want;
}

/* The head is whole.  false: its length is none. */
static bool
open_frame(struct ws_frame *w)
{
	unsigned len = w->head[1] & LENGTH;

	w->opcode = w->head[0] & OPCODE;
	w->turn = 0;
	w->control_n = 0;
	w->left = len == LENGTH_16 ? be16(w->head + 2) :
	    len == LENGTH_64 ? be64(w->head + 2) : len;
	if (w->head[1] & MASKED)
		memcpy(w->key_in, w->head + w->have - WS_FRAME_KEY_LEN,
		    WS_FRAME_KEY_LEN);
	return w->left <= INT64_MAX;
}

/* The next bytes of the payload, as they were before they were masked. */
static uint8_t *
take_payload(struct ws_frame *w, size_t *n)
{
	uint8_t *p = w->in;

	*n = w->left < w->n ? (size_t)w->left : w->n;
	if (*n == 0)
		return p;
	if (w->server)
		ws_frame_mask(p, *n, w->key_in, w->turn);
	w->turn = (uint8_t)((w->turn + *n) & 3);
	w->left -= *n;
	w->in += *n;
	w->n -= *n;
	return p;
}

/* What may stand in a close frame (RFC 6455, 7.4). */
static bool
is_code(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 &&
	    code != 1005 && code != 1006) || (code >= 3000 && code <= 4999);
}

/* A ping, pong or close frame has come whole.  1: *ev, 0: nothing to tell. */
static int
control(struct ws_frame *w, struct ws_frame_event *ev)
{
	if (w->opcode == PING && !w->closed &&
	    buf_len(&w->out) < WS_FRAME_OUT_MAX)
		put_frame(&w->out, PONG, w->control, w->control_n,
		    w->server ? NULL : w->key_out);
	if (w->opcode != CLOSE)
		return 0;
	ev->type = WS_FRAME_CLOSE;
	ev->code = w->control_n ? be16(w->control) : WS_FRAME_NO_CODE;
	if (w->control_n == 1 || (w->control_n && !is_code(ev->code)))
		return fail(w);
	ws_frame_close(w, ev->code);
	w->err = ERR_EOF;
	return 1;
}

/* 1: inside a frame, 0: its head is not whole, <0: broken. */
static int
enter_frame(struct ws_frame *w)
{
	if (w->open)
		return 1;
	if (!take_head(w, 2))
		return 0;
	if (!begins_well(w))
		return fail(w);
	if (!take_head(w, head_len(w)))
		return 0;
	if (!open_frame(w))
		return fail(w);
	w->open = true;
	w->have = 0;
	return 1;
}

int
ws_frame_next(struct ws_frame *w, struct ws_frame_event *ev)
{
	uint8_t *p;
	size_t n;
	int r;

	*ev = (struct ws_frame_event){ .type = WS_FRAME_DATA };
	while (!w->err) {
		if ((r = enter_frame(w)) <= 0)
			return r;
		p = take_payload(w, &n);
		w->open = w->left > 0;
		if (w->opcode < CLOSE && n > 0) {
			ev->p = p;
			ev->n = n;
			return 1;
		}
		if (w->opcode >= CLOSE && n > 0) {
			memcpy(w->control + w->control_n, p, n);
			w->control_n = (uint8_t)(w->control_n + n);
		}
		if (w->open)
			return 0;
		if (w->opcode >= CLOSE && (r = control(w, ev)) != 0)
			return r;
	}
	return w->err;
}
