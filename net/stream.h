/* A duplex stream of bytes: a socket, TLS over one, a stream of a mux link.
 * Whoever holds it sets cb and arg; events come only from the loop or from
 * loop_settle, except STREAM_SENT, which may come out of put and commit.
 *
 * Two ways of writing.  put takes bytes that are borrowed until the end of the
 * pass (loop_settle) and always takes all: what the other side does not take
 * is queued.  reserve and commit let a reader put bytes straight where they
 * will be sent from; there the reader asks room first, and when that is 0 it
 * waits for STREAM_ROOM. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

enum stream_event {
	STREAM_UP,    /* a socket that was connecting, TLS that was shaking
			 hands: it may be used from now on */
	STREAM_DATA,  /* p, n: borrowed until the end of the pass */
	STREAM_EOF,   /* the peer will send no more */
	STREAM_SENT,  /* n: so many of the bytes put have gone on */
	STREAM_ROOM,  /* room was 0 and is no more */
	STREAM_ERROR, /* over both ways, see stream_why; close it */
};

#define STREAM_HEAD 16

struct conn;
struct stream;
typedef void stream_cb(struct stream *s, enum stream_event ev,
    const uint8_t *p, size_t n, void *arg);

struct stream_ops {
	size_t (*room)(struct stream *s);
	uint8_t *(*reserve)(struct stream *s, size_t *n); /* n: in and out */
	void (*commit)(struct stream *s, size_t n);
	void (*put)(struct stream *s, const uint8_t *p, size_t n);
	void (*flush)(struct stream *s); /* nothing stays borrowed */
	/* puts and flushes all of b, perhaps with its memory; or NULL */
	void (*hand)(struct stream *s, struct buf *b);
	size_t (*queued)(const struct stream *s);
	void (*finish)(struct stream *s); /* no more bytes; half-close */
	void (*want)(struct stream *s, bool data); /* pause and resume */
	void (*consumed)(struct stream *s, size_t n); /* of DATA, passed on */
	void (*close)(struct stream *s, bool gentle);
	const char *(*why)(const struct stream *s);
	struct stream *(*under)(const struct stream *s); /* NULL: there is
							     none below */
	/* Bytes that go past s, from socket to socket: where to, if they may
	 * now, and how many at most; and what must stand before so many of
	 * them.  Both or neither. */
	struct conn *(*past)(struct stream *s, size_t *n);
	size_t (*claim)(struct stream *s, size_t n,
	    uint8_t head[static STREAM_HEAD]);
	bool windowed; /* consumed holds the peer back; want is not needed */
	bool socket;   /* reads straight into a sink */
};

struct stream {
	const struct stream_ops *ops;
	stream_cb *cb;
	void *arg;
	struct stream *sink; /* where what comes goes, if set: a socket may put
				it there itself, then DATA has p NULL */
};

static inline size_t
stream_room(struct stream *s)
{
	return s->ops->room(s);
}

static inline void
stream_put(struct stream *s, const void *p, size_t n)
{
	s->ops->put(s, p, n);
}

static inline void
stream_flush(struct stream *s)
{
	s->ops->flush(s);
}

/* b is empty afterwards. */
static inline void
stream_hand(struct stream *s, struct buf *b)
{
	if (s->ops->hand) {
		s->ops->hand(s, b);
		return;
	}
	s->ops->put(s, buf_peek(b), buf_len(b));
	s->ops->flush(s);
	buf_take(b, buf_len(b));
}

static inline size_t
stream_queued(const struct stream *s)
{
	return s->ops->queued(s);
}

static inline void
stream_finish(struct stream *s)
{
	s->ops->finish(s);
}

static inline void
stream_want(struct stream *s, bool data)
{
	s->ops->want(s, data);
}

static inline void
stream_consumed(struct stream *s, size_t n)
{
	s->ops->consumed(s, n);
}

/* Silent from now on, freed when the turn ends; the peer sees a break.
 * NULL is fine. */
static inline void
stream_close(struct stream *s)
{
	if (s)
		s->ops->close(s, false);
}

/* The same, but what is queued still goes out, in a bounded time, and the
 * peer sees an orderly end. */
static inline void
stream_linger(struct stream *s)
{
	if (s)
		s->ops->close(s, true);
}

/* For people: what ended it. */
static inline const char *
stream_why(const struct stream *s)
{
	return s->ops->why(s);
}

static inline void
stream_on(struct stream *s, stream_cb *cb, void *arg)
{
	s->cb = cb;
	s->arg = arg;
}

#endif
