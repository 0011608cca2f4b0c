// SPDX-License-Identifier: MIT
/* Frames for either side, whole and in pieces: the same data, the same end,
 * and answers that the other side can read. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/err.h"
#include "core/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int
drive(struct ws_frame *w, const uint8_t *p, size_t n, size_t piece,
    struct buf *to)
{
	struct ws_frame_event ev;
	size_t part;
	uint8_t *copy;
	int r = 0;

	for (; n > 0 && r == 0; p += part, n -= part) {
		part = min_size(n, piece);
		copy = malloc(part);
		memcpy(copy, p, part);
		ws_frame_feed(w, copy, part);
		while ((r = ws_frame_next(w, &ev)) > 0) {
			assert((ev.type == WS_FRAME_CLOSE) == (ev.n == 0));
			if (ev.n > 0)
				buf_put(to, ev.p, ev.n);
		}
		free(copy);
		assert(buf_len(&w->out) <= WS_FRAME_OUT_MAX + 150);
	}
	return r;
}

static void
same(const struct buf *a, const struct buf *b)
{
	assert(buf_len(a) == buf_len(b));
	assert(buf_len(a) == 0 ||
	    memcmp(buf_peek(a), buf_peek(b), buf_len(a)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t key[WS_FRAME_KEY_LEN] = { 1, 2, 3, 4 };
	struct buf one = { 0 }, other = { 0 }, none = { 0 }, wire = { 0 };
	struct ws_frame a, b, peer;
	bool server;
	int r;

	if (n == 0)
		return 0;
	server = p[0] & 1;
	ws_frame_init(&a, server, key);
	ws_frame_init(&b, server, key);
	ws_frame_init(&peer, !server, key);
	r = drive(&a, p + 1, n - 1, n, &one);
	assert(drive(&b, p + 1, n - 1, 1 + (p[0] >> 1) % 16, &other) == r);
	same(&one, &other);
	same(&a.out, &b.out);
	r = drive(&peer, buf_peek(&a.out), buf_len(&a.out), 3, &none);
	assert(r == (a.closed ? ERR_EOF : 0) && buf_len(&none) == 0);
	ws_frame_release(&peer);
	ws_frame_init(&peer, !server, key);
	ws_frame_put(&wire, p, n, server ? NULL : key);
	assert(drive(&peer, buf_peek(&wire), buf_len(&wire), 9, &none) == 0);
	assert(buf_len(&none) == n && memcmp(buf_peek(&none), p, n) == 0);
	buf_free(&one);
	buf_free(&other);
	buf_free(&none);
	buf_free(&wire);
	ws_frame_release(&a);
	ws_frame_release(&b);
	ws_frame_release(&peer);
	return 0;
}
