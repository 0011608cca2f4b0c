// SPDX-License-Identifier: MIT
#include "net/ws.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/http_upgrade.h"
#include "core/mem.h"
#include "core/ws_frame.h"
#include "crypto/rand.h"
#include "net/layer.h"

struct ws {
	struct layer layer;
	struct http_upgrade upgrade;
	struct ws_frame frame;
	bool server;
};

static struct ws *
ws_of(const struct layer *x)
{
	return list_item(x, struct ws, layer);
}

static void
send_out(struct layer *x, struct buf *b)
{
	layer_pass(x, buf_peek(b), buf_len(b));
	buf_take(b, buf_len(b));
}

/* Written where it will be sent from: it is masked, so it is copied anyway. */
static void
put_frame(struct layer *x, const uint8_t *p, size_t n)
{
	uint8_t key[WS_FRAME_KEY_LEN], *to;
	size_t room = WS_FRAME_HEAD_MAX + n, len;
	bool server = ws_of(x)->server;

	if (!server)
		rand_bytes(key, sizeof(key));
	to = stream_reserve(x->under, &room);
	len = ws_frame_head(to, n, server ? NULL : key);
	memcpy(to + len, p, n);
	if (!server)
		ws_frame_mask(to + len, n, key, 0);
	stream_commit(x->under, len + n);
}

static void
say_end(struct layer *x)
{
	ws_frame_close(&ws_of(x)->frame, WS_FRAME_NORMAL);
	send_out(x, &ws_of(x)->frame.out);
	stream_finish(x->under);
}

static const char *
cut(struct layer *x)
{
	return x->up ? NULL : "EOF in the WebSocket handshake";
}

/* Takes the head of the handshake off *p; false when it is not whole yet, or
 * will never be. */
static bool
shake_hands(struct layer *x, const uint8_t **p, size_t *n)
{
	struct ws *own = ws_of(x);
	struct buf text = { 0 };
	int r = own->server ?
	    http_upgrade_serve(&own->upgrade, p, n, &text) :
	    http_upgrade_answer(&own->upgrade, p, n, &text);

	if (own->server) {
		send_out(x, &text);
		if (r < 0)
			layer_fail(x,
			    "the WebSocket request lacks what it needs");
	} else if (r < 0) {
		layer_fail(x, buf_text(&text));
	}
	buf_free(&text);
	if (r <= 0)
		return false;
	http_upgrade_release(&own->upgrade);
	layer_up(x);
	return !x->s.closed;
}

static void
take(struct layer *x, uint8_t *p, size_t n)
{
	struct ws *own = ws_of(x);
	const uint8_t *at = p;
	struct ws_frame_event ev;
	int r = 0;

	if (!x->up && !shake_hands(x, &at, &n))
		return;
	ws_frame_feed(&own->frame, p + (at - p), n);
	while (!x->s.closed && (r = ws_frame_next(&own->frame, &ev)) > 0)
		if (ev.type == WS_FRAME_DATA)
			stream_tell(&x->s, STREAM_DATA, ev.p, ev.n);
	if (x->s.closed)
		return;
	send_out(x, &own->frame.out);
	if (r == ERR_EOF)
		layer_eof(x);
	else if (r < 0)
		layer_fail(x, "the peer breaks the rules of WebSocket");
}

static void
free_ws(struct layer *x)
{
	struct ws *own = ws_of(x);

	http_upgrade_release(&own->upgrade);
	ws_frame_release(&own->frame);
	free(own);
}

static const struct layer_kind kind = {
	.data = take,
	.send = put_frame,
	.end = say_end,
	.cut = cut,
	.free = free_ws,
};

static const struct stream_ops ws_ops = {
	LAYER_OPS,
	.consumed = layer_consumed,
};

static struct ws *
make(struct loop *l, struct stream *under, bool server)
{
	struct ws *own = mem_new(struct ws);
	uint8_t key[WS_FRAME_KEY_LEN];

	own->server = server;
	rand_bytes(key, sizeof(key));
	ws_frame_init(&own->frame, server, key);
	layer_init(&own->layer, l, under, &ws_ops, &kind);
	stream_want(under, true);
	return own;
}

struct stream *
ws_serve(struct loop *l, struct stream *under)
{
	return &make(l, under, true)->layer.s;
}

struct stream *
ws_ask(struct loop *l, struct stream *under, const char *host)
{
	struct ws *own = make(l, under, false);
	uint8_t nonce[HTTP_UPGRADE_NONCE];
	struct buf out = { 0 };

	rand_bytes(nonce, sizeof(nonce));
	http_upgrade_ask(&own->upgrade, &out, host, nonce);
	send_out(&own->layer, &out);
	buf_free(&out);
	return &own->layer.s;
}
