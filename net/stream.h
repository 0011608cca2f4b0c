/* A duplex stream of bytes: a socket, TLS over one, a stream of a mux link.
 * Whoever holds it sets cb and arg.
 *
 * No event comes out of a call: whatever is found in put, flush, commit,
 * finish, consumed, want or close, or while the pass is settled, is told from
 * the loop's next turn.  So a holder that is in the middle of something is not
 * called, and is not freed by what it calls.  Builds with LOOP_CHECKED assert
 * it.  The next turn begins before the loop sleeps.
 *
 * What comes while nobody holds the stream is kept for the next holder, an
 * error included.
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
#include "net/loop.h"

/* In the order in which they are told when several are due. */
enum stream_event {
	STREAM_UP,    /* a socket that was connecting, TLS that was shaking
			 hands: it may be used from now on */
	STREAM_DATA,  /* p, n: borrowed until the end of the pass */
	STREAM_EOF,   /* the peer will send no more */
	STREAM_SENT,  /* n: so many of the bytes put have gone on */
	STREAM_ROOM,  /* room was 0 and is no more */
	STREAM_ERROR, /* over both ways, see stream_why; close it */
};
#define STREAM_EVENTS (STREAM_ERROR + 1)

#define STREAM_HEAD 16
/* The most that is kept of what comes while nobody holds the stream: a read,
 * and the one that was under way.  Builds with LOOP_CHECKED assert it. */
#define STREAM_KEPT (2 * LOOP_BLOCK)

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
	void (*close)(struct stream *s, bool gentle); /* only once */
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
	struct loop *l;
	stream_cb *cb;
	void *arg;
	struct stream *sink; /* where what comes goes, if set: a socket may put
				it there itself, then DATA has p NULL */
	union {
		struct list at;	      /* in a list of the loop's: something is
					 due, or put and not yet sent; */
		struct deferred gone; /* and once it is over */
	};
	uint32_t sent;	     /* of STREAM_SENT; UINT32_MAX: all */
	uint8_t due;	     /* a bit for each event */
	bool closed;	     /* by its holder */
	bool flushing;	     /* at the end of the pass */
};

/* ---- for holders ---- */

static inline size_t
stream_room(struct stream *s)
{
	return s->ops->room(s);
}

static inline uint8_t *
stream_reserve(struct stream *s, size_t *n)
{
	uint8_t *to;

	loop_enter(s->l);
	to = s->ops->reserve(s, n);
	loop_leave(s->l);
	return to;
}

static inline void
stream_commit(struct stream *s, size_t n)
{
	loop_enter(s->l);
	s->ops->commit(s, n);
	loop_leave(s->l);
}

static inline void
stream_put(struct stream *s, const void *p, size_t n)
{
	loop_enter(s->l);
	s->ops->put(s, p, n);
	loop_leave(s->l);
}

static inline void
stream_flush(struct stream *s)
{
	loop_enter(s->l);
	s->ops->flush(s);
	loop_leave(s->l);
}

/* b is empty afterwards. */
static inline void
stream_hand(struct stream *s, struct buf *b)
{
	if (!s->ops->hand) {
		stream_put(s, buf_peek(b), buf_len(b));
		stream_flush(s);
		buf_take(b, buf_len(b));
		return;
	}
	loop_enter(s->l);
	s->ops->hand(s, b);
	loop_leave(s->l);
}

static inline size_t
stream_queued(const struct stream *s)
{
	return s->ops->queued(s);
}

static inline void
stream_finish(struct stream *s)
{
	loop_enter(s->l);
	s->ops->finish(s);
	loop_leave(s->l);
}

static inline void
stream_want(struct stream *s, bool data)
{
	loop_enter(s->l);
	s->ops->want(s, data);
	loop_leave(s->l);
}

static inline void
stream_consumed(struct stream *s, size_t n)
{
	loop_enter(s->l);
	s->ops->consumed(s, n);
	loop_leave(s->l);
}

/* Silent from now on, freed when the turn ends; the peer sees a break.
 * NULL is fine. */
void stream_close(struct stream *s);
/* The same, but what is queued still goes out, in a bounded time, and the
 * peer sees an orderly end. */
void stream_linger(struct stream *s);

/* For people: what ended it. */
static inline const char *
stream_why(const struct stream *s)
{
	return s->ops->why(s);
}

/* What was due for the holder before goes to this one, but for STREAM_SENT,
 * which was about bytes of the one before. */
void stream_on(struct stream *s, stream_cb *cb, void *arg);
/* Bytes of STREAM_DATA that are for the next holder, and an end that was seen
 * too early for it: told again, before anything newer. */
void stream_unread(struct stream *s, const void *p, size_t n);
void stream_unread_eof(struct stream *s);
/* Now, which must be from the loop. */
void stream_tell_kept(struct stream *s);

/* ---- for those who are streams ---- */

void stream_init(struct stream *s, struct loop *l,
    const struct stream_ops *ops);
/* Now, which must be from the loop: UP, DATA, EOF. */
void stream_tell(struct stream *s, enum stream_event ev, const uint8_t *p,
    size_t n);
/* From the next turn: SENT (n more), ROOM, ERROR; wherever it is found. */
void stream_owe(struct stream *s, enum stream_event ev, size_t n);

/* Out of the loop's lists, and freed when the turn ends. */
void stream_free_later(struct stream *s, void (*run)(struct deferred *));
/* Flushed at the end of this pass. */
void stream_flush_later(struct stream *s);

/* The sink; NULL as long as something that came before is kept, which bytes
 * that go there would overtake. */
static inline bool
stream_keeps(const struct stream *s)
{
	return s->due & (1u << STREAM_DATA | 1u << STREAM_EOF);
}

static inline struct stream *
stream_sink(const struct stream *s)
{
	return stream_keeps(s) ? NULL : s->sink;
}

#endif
