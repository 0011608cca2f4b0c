/* WebSocket frames (RFC 6455) as the carrier of a stream: where frames begin
 * and end carries no meaning, text and binary are the same.  As Go's library,
 * which frp uses, it takes longer lengths than needed and continuations of
 * nothing; it is stricter about reserved bits and opcodes. */
#ifndef CORE_WS_FRAME_H
#define CORE_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define WS_FRAME_HEAD_MAX 14
#define WS_FRAME_KEY_LEN  4
#define WS_FRAME_CONTROL  125	/* longest payload of ping, pong, close */
#define WS_FRAME_OUT_MAX  1024	/* more answers to pings do not wait */

enum ws_frame_code { /* why it was closed */
	WS_FRAME_NORMAL = 1000,
	WS_FRAME_VIOLATION = 1002,
	WS_FRAME_NO_CODE = 1005, /* none was said; never sent */
};

enum ws_frame_event_type {
	WS_FRAME_DATA,	/* p, n: never empty, may be changed */
	WS_FRAME_CLOSE, /* code; ERR_EOF is next */
};

struct ws_frame_event {
	enum ws_frame_event_type type;
	uint8_t *p;
	size_t n;
	unsigned code;
};

struct ws_frame {
	bool server, closed; /* closed: our close frame is out */
	bool open;	     /* the head is read */
	uint8_t have;	     /* bytes of head */
	uint8_t head[WS_FRAME_HEAD_MAX];
	uint8_t opcode, turn; /* of the frame; the key's next byte */
	uint8_t control_n, control[WS_FRAME_CONTROL];
	uint8_t key_in[WS_FRAME_KEY_LEN], key_out[WS_FRAME_KEY_LEN];
	uint64_t left; /* payload of the frame that has not come */
	uint8_t *in;
	size_t n;
	int err;	/* sticky */
	struct buf out; /* pongs and the close frame; the owner sends them
			   between two frames of its own and takes them out */
};

/* key: random, hides what a client's own answers hold.  Not for a server. */
void ws_frame_init(struct ws_frame *w, bool server,
    const uint8_t key[static WS_FRAME_KEY_LEN]);
void ws_frame_release(struct ws_frame *w);

/* Hands in n bytes, borrowed until ws_frame_next returns 0 or less; they are
 * changed in place.  Call it only then. */
void ws_frame_feed(struct ws_frame *w, uint8_t *p, size_t n);
/* 1: *ev, whose bytes lie in what was fed; 0: all is taken and more is needed;
 * ERR_EOF behind a close frame, ERR_PROTO, for ever. */
int ws_frame_next(struct ws_frame *w, struct ws_frame_event *ev);
/* Puts our close frame, unless it is out.  No data may be sent behind it. */
void ws_frame_close(struct ws_frame *w, unsigned code);

/* Writing: the head of a binary frame of n bytes and its length; key is NULL
 * for a server, random for a client, which masks what follows. */
size_t ws_frame_head(uint8_t to[static WS_FRAME_HEAD_MAX], uint64_t n,
    const uint8_t *key);
/* In place; at: how many bytes of the same frame came before.  Twice is as
 * before. */
void ws_frame_mask(uint8_t *p, size_t n,
    const uint8_t key[static WS_FRAME_KEY_LEN], uint64_t at);
/* All of it, by copy; nothing for n of 0. */
void ws_frame_put(struct buf *to, const void *p, size_t n,
    const uint8_t *key);

#endif
