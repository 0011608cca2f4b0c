// SPDX-License-Identifier: MIT
#include "net/ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/http_upgrade.h"
#include "core/mem.h"
#include "core/ws_frame.h"
#include "crypto/rand.h"

struct ws {
	struct stream s;
	struct loop *l;
	struct stream *under;
	struct http_upgrade upgrade;
	struct ws_frame frame;
	struct buf early;  /* put before the handshake was done */
	struct buf filled; /* being filled by reserve … commit */
	struct deferred gone;
	bool server, up, finish, ended, closed, failed;
	char why[160];
};

static struct ws *
ws_of(const struct stream *s)
{
	return list_item(s, struct ws, s);
}

static void
tell(struct ws *x, enum stream_event ev, const uint8_t *p, size_t n)
{
	if (!x->closed && x->s.cb)
		x->s.cb(&x->s, ev, p, n, x->s.arg);
}

static void
fail(struct ws *x, const char *why)
{
	if (x->failed || x->closed)
		return;
	x->failed = true;
	snprintf(x->why, sizeof(x->why), "%s", why);
	tell(x, STREAM_ERROR, NULL, 0);
}

/* What gathered in b goes out. */
static void
send_out(struct ws *x, struct buf *b)
{
	size_t n = buf_len(b), room = n;

	if (n == 0)
		return;
	memcpy(x->under->ops->reserve(x->under, &room), buf_peek(b), n);
	x->under->ops->commit(x->under, n);
	buf_take(b, n);
}

/* Written where it will be sent from: it is masked, so it is copied anyway. */
static void
put_frame(struct ws *x, const uint8_t *p, size_t n)
{
	uint8_t key[WS_FRAME_KEY_LEN], *to;
	size_t room = WS_FRAME_HEAD_MAX + n, len;

	if (!x->server)
		rand_bytes(key, sizeof(key));
	to = x->under->ops->reserve(x->under, &room);
	len = ws_frame_head(to, n, x->server ? NULL : key);
	memcpy(to + len, p, n);
	if (!x->server)
		ws_frame_mask(to + len, n, key, 0);
	x->under->ops->commit(x->under, len + n);
}

static void
send_close(struct ws *x)
{
	ws_frame_close(&x->frame, WS_FRAME_NORMAL);
	send_out(x, &x->frame.out);
	stream_finish(x->under);
}

static void
come_up(struct ws *x)
{
	size_t n = buf_len(&x->early);

	x->up = true;
	http_upgrade_release(&x->upgrade);
	tell(x, STREAM_UP, NULL, 0);
	if (!x->closed && n) {
		put_frame(x, buf_peek(&x->early), n);
		buf_free(&x->early);
		tell(x, STREAM_SENT, NULL, n);
	}
	if (!x->closed && x->finish)
		send_close(x);
}

/* Takes the head of the handshake off *p; false when it is not whole yet, or
 * will never be. */
static bool
shake_hands(struct ws *x, const uint8_t **p, size_t *n)
{
	struct buf text = { 0 };
	int r = x->server ? http_upgrade_serve(&x->upgrade, p, n, &text) :
			    http_upgrade_answer(&x->upgrade, p, n, &text);

	if (x->server) {
		send_out(x, &text);
		if (r < 0)
			fail(x, "the WebSocket request lacks what it needs");
	} else if (r < 0) {
		fail(x, buf_text(&text));
	}
	buf_free(&text);
	if (r > 0)
		come_up(x);
	return r > 0 && !x->closed;
}

void
ws_feed(struct stream *s, uint8_t *p, size_t n)
{
	struct ws *x = ws_of(s);
	const uint8_t *at = p;
	struct ws_frame_event ev;
	int r = 0;

	if (x->failed || x->ended || (!x->up && !shake_hands(x, &at, &n)))
		return;
	ws_frame_feed(&x->frame, p + (at - p), n);
	while (!x->closed && (r = ws_frame_next(&x->frame, &ev)) > 0)
		if (ev.type == WS_FRAME_DATA)
			tell(x, STREAM_DATA, ev.p, ev.n);
	if (x->closed)
		return;
	send_out(x, &x->frame.out);
	if (r == ERR_EOF) {
		x->ended = true;
		tell(x, STREAM_EOF, NULL, 0);
	} else if (r < 0) {
		fail(x, "the peer breaks the rules of WebSocket");
	}
}

static void
on_under(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct ws *x = arg;

	switch (ev) {
	case STREAM_UP:
		break;
	case STREAM_DATA:
		/* it lies in the loop's scratch or in TLS's memory */
		ws_feed(&x->s, (uint8_t *)(uintptr_t)p, n);
		break;
	case STREAM_SENT:
		if (stream_queued(s) == 0)
			tell(x, STREAM_SENT, NULL, SIZE_MAX);
		break;
	case STREAM_ROOM:
		tell(x, STREAM_ROOM, NULL, 0);
		break;
	case STREAM_EOF:
		if (x->ended)
			break;
		x->ended = true;
		if (x->up)
			tell(x, STREAM_EOF, NULL, 0);
		else
			fail(x, "EOF in the WebSocket handshake");
		break;
	case STREAM_ERROR:
		fail(x, stream_why(s));
		break;
	}
}

static size_t
ws_room(struct stream *s)
{
	struct ws *x = ws_of(s);
	size_t n = stream_room(x->under);

	return x->up ? n : 0; /* STREAM_UP is the word to go on */
}

static uint8_t *
ws_reserve(struct stream *s, size_t *n)
{
	struct ws *x = ws_of(s);

	if (*n > 4096)
		loop_lend(x->l, &x->filled);
	return buf_room(&x->filled, *n);
}

static void
ws_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct ws *x = ws_of(s);

	if (n == 0 || x->failed || x->closed || x->finish)
		return;
	if (x->up)
		put_frame(x, p, n);
	else
		buf_put(&x->early, p, n);
}

static void
ws_commit(struct stream *s, size_t n)
{
	struct ws *x = ws_of(s);

	buf_added(&x->filled, n);
	ws_put(s, buf_peek(&x->filled), n);
	buf_take(&x->filled, n);
	loop_take_back(x->l, &x->filled);
}

static void
ws_flush(struct stream *s)
{
	stream_flush(ws_of(s)->under);
}

static size_t
ws_queued(const struct stream *s)
{
	const struct ws *x = ws_of(s);

	return buf_len(&x->early) + stream_queued(x->under);
}

static void
ws_finish(struct stream *s)
{
	struct ws *x = ws_of(s);

	if (x->finish || x->failed)
		return;
	x->finish = true;
	if (x->up)
		send_close(x);
}

static void
ws_want(struct stream *s, bool data)
{
	struct ws *x = ws_of(s);

	stream_want(x->under, data || !x->up);
}

static void
ws_consumed(struct stream *s, size_t n)
{
	(void)s;
	(void)n;
}

static void
free_ws(struct deferred *d)
{
	struct ws *x = list_item(d, struct ws, gone);

	http_upgrade_release(&x->upgrade);
	ws_frame_release(&x->frame);
	buf_free(&x->early);
	buf_free(&x->filled);
	free(x);
}

static void
ws_close(struct stream *s, bool gentle)
{
	struct ws *x = ws_of(s);

	if (x->closed)
		return;
	x->closed = true; /* before the last frame can fail and tell */
	if (gentle && x->up && !x->failed)
		ws_finish(s);
	if (gentle)
		stream_linger(x->under);
	else
		stream_close(x->under);
	loop_defer(x->l, &x->gone, free_ws);
}

static const char *
ws_why(const struct stream *s)
{
	return ws_of(s)->why;
}

static const struct stream_ops ws_ops = {
	.room = ws_room,
	.reserve = ws_reserve,
	.commit = ws_commit,
	.put = ws_put,
	.flush = ws_flush,
	.queued = ws_queued,
	.finish = ws_finish,
	.want = ws_want,
	.consumed = ws_consumed,
	.close = ws_close,
	.why = ws_why,
};

static struct ws *
make(struct loop *l, struct stream *under, bool server)
{
	struct ws *x = mem_new(struct ws);
	uint8_t key[WS_FRAME_KEY_LEN];

	x->s.ops = &ws_ops;
	x->l = l;
	x->under = under;
	x->server = server;
	rand_bytes(key, sizeof(key));
	ws_frame_init(&x->frame, server, key);
	stream_on(under, on_under, x);
	stream_want(under, true);
	return x;
}

struct stream *
ws_serve(struct loop *l, struct stream *under)
{
	return &make(l, under, true)->s;
}

struct stream *
ws_ask(struct loop *l, struct stream *under, const char *host)
{
	struct ws *x = make(l, under, false);
	uint8_t nonce[HTTP_UPGRADE_NONCE];
	struct buf out = { 0 };

	rand_bytes(nonce, sizeof(nonce));
	http_upgrade_ask(&x->upgrade, &out, host, nonce);
	send_out(x, &out);
	buf_free(&out);
	return &x->s;
}
