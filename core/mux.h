/* One side of a yamux session (protocol version 0, with frp's limits), as a
 * machine: bytes in, events out; now is an argument, in milliseconds of a
 * clock that never runs back.
 *
 * Incoming payload is never copied or kept here: MUX_DATA borrows from what was
 * fed.  What the owner could not pass on it keeps itself, and says with
 * mux_consumed when it has passed it on: only then the window opens again.
 *
 * Outgoing frames gather in one queue, mux_out, which the owner drains into
 * the connection. */
#ifndef CORE_MUX_H
#define CORE_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

enum mux_side { MUX_CLIENT, MUX_SERVER };

#define MUX_HEAD	12
#define MUX_WINDOW	(256 * 1024)	    /* the protocol's own */
#define MUX_WINDOW_MAX	(6 * 1024 * 1024) /* as far as frp goes */

struct mux_limits {
	uint32_t window;      /* how far a stream's window may grow */
	uint64_t window_sum;  /* how far all of the session's windows together
				 may grow beyond MUX_WINDOW each */
	uint32_t streams;     /* open at once; more are reset */
	uint32_t backlog;     /* opened by us and not yet acknowledged */
	uint64_t keepalive;   /* ms between pings; 0: none */
	uint64_t reply;	      /* ms that a ping may wait for its answer */
	uint64_t open;	      /* ms that a SYN may wait for its ACK */
	uint64_t close;	      /* ms from our FIN to the peer's */
};
extern const struct mux_limits mux_limits_default; /* 6 MiB, 64 MiB, 65536,
						      256, 15 s, 10 s, 75 s,
						      5 min */

enum mux_event_type {
	MUX_OPEN,   /* the peer opened id (it is acknowledged by us) */
	MUX_ACK,    /* the peer acknowledged our id */
	MUX_DATA,   /* p, n: payload of id */
	MUX_FIN,    /* the peer will send no more on id */
	MUX_RST,    /* id is gone, both ways; do not use it again */
	MUX_ROOM,   /* mux_room(id) grew from nothing */
	MUX_PONG,   /* a ping of ours was answered; rtt in ms */
	MUX_GOAWAY, /* the peer takes no new streams */
};

struct mux_event {
	enum mux_event_type type;
	uint32_t id;
	const uint8_t *p;
	size_t n;
	uint64_t rtt;
	void *arg; /* what mux_set_arg gave for id */
};

struct mux;

/* The seed is random: the peer chooses numbers for its streams, and must not
 * choose what collides in the map of them. */
struct mux *mux_new(enum mux_side side, const struct mux_limits *lim,
    uint64_t seed, uint64_t now);
void mux_free(struct mux *m); /* NULL is fine */

/* Input is borrowed until mux_next returns 0 or less. */
void mux_feed(struct mux *m, const uint8_t *p, size_t n);
/* 1 an event, 0 needs bytes, <0 the session is broken (sticky).  Worth a call
 * after mux_tick too: streams it gave up are told here. */
int mux_next(struct mux *m, uint64_t now, struct mux_event *ev);
const char *mux_why(const struct mux *m); /* what broke it, for people */

/* 0 when no stream can be opened (backlog or streams full, either side going
 * away, broken). */
uint32_t mux_open(struct mux *m, uint64_t now);
bool mux_may_open(const struct mux *m); /* or it would be 0 for now */
void mux_set_arg(struct mux *m, uint32_t id, void *arg);
/* How many bytes the peer is ready to take on id now. */
size_t mux_room(const struct mux *m, uint32_t id);
/* Puts a data frame; n <= mux_room. */
void mux_write(struct mux *m, uint32_t id, const void *p, size_t n);
/* The same without a copy: n (in: wanted, out: granted, 0 when there is no
 * room) bytes to be filled behind a header; then commit what was filled, 0 is
 * fine.  Nothing else may be called on m in between. */
uint8_t *mux_reserve(struct mux *m, uint32_t id, size_t *n);
void mux_commit(struct mux *m, uint32_t id, size_t n);
/* Payload that goes past the machine, from socket to socket.  Out: the header
 * of a frame of n <= mux_room bytes, which the owner sends before those bytes,
 * and before anything that gets into mux_out later; that is empty now. */
void mux_claim(struct mux *m, uint32_t id, size_t n,
    uint8_t head[static MUX_HEAD]);
/* In: how much of a frame's payload is still to come, when all that was fed is
 * taken and its stream listens; else 0.  The owner may take of it, and says so
 * by mux_passed: it counts as given by MUX_DATA. */
size_t mux_pending(struct mux *m, void **arg);
void mux_passed(struct mux *m, uint64_t now, size_t n);
/* n bytes of what MUX_DATA gave were passed on.  Unknown ids do no harm, here
 * and below: a stream may be forgotten while its owner still holds bytes. */
void mux_consumed(struct mux *m, uint64_t now, uint32_t id, size_t n);
/* We send no more on id; the stream is forgotten once the peer says so too.
 * Calling it twice is harmless. */
void mux_finish(struct mux *m, uint64_t now, uint32_t id);
/* id is over in both directions; no event for it comes any more. */
void mux_reset(struct mux *m, uint32_t id);
/* Now, beside the keepalive; one ping is under way at a time. */
void mux_ping(struct mux *m, uint64_t now);
void mux_goaway(struct mux *m, uint32_t code); /* newcomers are reset */

struct buf *mux_out(struct mux *m); /* frames for the peer */
size_t mux_streams(const struct mux *m);
/* Earliest time at which mux_tick has something to do; UINT64_MAX: never. */
uint64_t mux_deadline(const struct mux *m);
/* May break the session.  Feed what was read before: a peer is not late while
 * its bytes lie unread.  When the call itself comes later than a peer may be,
 * the peer gets the time for one more answer. */
void mux_tick(struct mux *m, uint64_t now);
uint64_t mux_heard(const struct mux *m);    /* when the peer last spoke */
uint64_t mux_rtt(const struct mux *m);	    /* ms; UINT64_MAX before a pong */

#endif
