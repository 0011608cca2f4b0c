/* What conn.c and conn_send.c share. */
#ifndef NET_CONN_INTERNAL_H
#define NET_CONN_INTERNAL_H

#include "net/conn.h"

/* The last words of a closed one. */
struct conn_last {
	struct list at; /* in the loop's */
	struct timer late;
	struct conn *c;
};

struct conn {
	struct stream s;
	struct loop *l;
	struct settler settle;
	struct deferred gone;
	ev_io io;
	struct buf out; /* older than what is in gather */
	struct loop_gather *gather; /* put in this pass, gone at its end */
	struct pipe_pair *pipe; /* spliced to it; older than out */
	struct conn_last *last; /* only of a closed one that still sends */
	int fd, error;
	uint8_t run; /* big reads in a row */
	uint32_t ask; /* of the next read; 0: as much as there is */
	struct conn *divert; /* that much goes there */
	bool connecting, paused, starved;
	bool eof;		  /* seen from the peer */
	bool finish, finished;	  /* asked for, done */
	bool failed, closed;
	bool untold; /* it failed while nobody listened */
};

static inline struct conn *
conn_of(const struct stream *s)
{
	return list_item(s, struct conn, s);
}

/* conn.c */
void conn_arm(struct conn *c); /* watches for what is wanted now */
void conn_die(struct conn *c);
void conn_fail(struct conn *c, int error);
void conn_tell(struct conn *c, enum stream_event ev, const uint8_t *p,
    size_t n);

/* conn_read.c */
void conn_read(struct conn *c); /* what there is now */

/* conn_splice.c */
void conn_splice_note(struct conn *c, size_t got);
bool conn_splice(struct conn *c); /* to its sink, */
int conn_splice_ahead(struct conn *c); /* or as it was diverted */
struct conn *conn_past(struct stream *s, size_t *n);
void conn_splice_out(struct conn *c);

/* conn_send.c */
static inline bool
conn_holds(const struct conn *c) /* bytes that wait for the socket */
{
	return c->pipe || buf_len(&c->out);
}

size_t conn_room(struct stream *s);
uint8_t *conn_reserve(struct stream *s, size_t *n);
void conn_commit(struct stream *s, size_t n);
void conn_put(struct stream *s, const uint8_t *p, size_t n);
void conn_flush(struct stream *s);
void conn_hand(struct stream *s, struct buf *b);
size_t conn_queued(const struct stream *s);
void conn_finish(struct stream *s);
void conn_on_settle(struct settler *settle);
void conn_break_on_close(int fd, bool on);

#endif
