/* What conn.c and conn_send.c share. */
#ifndef NET_CONN_INTERNAL_H
#define NET_CONN_INTERNAL_H

#include "net/conn.h"

/* What few need: links, and those closed that still send. */
struct conn_more {
	struct list at; /* in the loop's, with its last words */
	struct timer late;
	struct conn *c;
	struct errand *gate; /* told when there is something to be read */
	struct conn *divert; /* where the next bytes go, */
	uint32_t ask;	     /* so many; or only so many are read; 0: all */
};

/* Idle ones are many: what is in use at times only is not in here, and what is
 * never in use at once shares its place. */
struct conn {
	struct stream s;
	ev_io io; /* its fd is ours, <0: closed; its data is conn_more, or
		     NULL */
	struct buf out;
	union {
		struct loop_gather *gather; /* put in this pass; out is empty */
		struct pipe_pair *pipe;	    /* if piped; older than out */
	} mid;
	int16_t error;
	uint8_t run; /* big reads in a row */
	bool piped : 1;
	bool connecting : 1, paused : 1, starved : 1;
	bool eof : 1;			 /* seen from the peer */
	bool finish : 1, finished : 1;	 /* asked for, done */
	bool failed : 1;
	bool waits : 1;			 /* at its gate */
	bool sip : 1; /* little is read at a time */
};

static inline struct loop *
conn_loop(const struct conn *c)
{
	return c->s.l;
}

static inline struct conn_more *
conn_has_more(const struct conn *c)
{
	return c->io.data;
}

static inline struct errand *
conn_gated(const struct conn *c)
{
	return conn_has_more(c) ? conn_has_more(c)->gate : NULL;
}

static inline struct loop_gather *
conn_gather(const struct conn *c)
{
	return c->piped ? NULL : c->mid.gather;
}

static inline struct pipe_pair *
conn_pipe(const struct conn *c)
{
	return c->piped ? c->mid.pipe : NULL;
}

static inline void
conn_set_pipe(struct conn *c, struct pipe_pair *p)
{
	c->mid.pipe = p;
	c->piped = p != NULL;
}

static inline struct conn *
conn_of(const struct stream *s)
{
	return list_item(s, struct conn, s);
}

/* conn.c */
void conn_arm(struct conn *c); /* watches for what is wanted now */
void conn_die(struct conn *c);
struct conn_more *conn_more(struct conn *c);
void conn_fail(struct conn *c, int error);

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
	return c->piped || buf_len(&c->out);
}

size_t conn_room(struct stream *s);
uint8_t *conn_reserve(struct stream *s, size_t *n);
void conn_commit(struct stream *s, size_t n);
void conn_put(struct stream *s, const uint8_t *p, size_t n);
void conn_flush(struct stream *s);
void conn_hand(struct stream *s, struct buf *b);
size_t conn_queued(const struct stream *s);
void conn_finish(struct stream *s);
void conn_break_on_close(int fd, bool on);

#endif
