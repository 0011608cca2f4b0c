/* What link.c and mstream.c share. */
#ifndef NET_LINK_INTERNAL_H
#define NET_LINK_INTERNAL_H

#include "core/mux.h"
#include "net/link.h"

struct link {
	struct loop *l;
	struct stream *under;
	struct mux *mux;
	link_cb *cb;
	void *arg;
	struct errand settle;
	struct errand tell; /* that it is down, or has room again */
	struct timer timer;
	uint64_t timer_at; /* what timer was last set for */
	struct list streams, starved;
	struct deferred gone;
	bool run;    /* the last frame went by without a copy */
	bool within; /* and so did the beginning of this one */
	bool full;   /* a stream was wanted and could not be opened */
	bool probing, down, closed;
	char why[240];
};

struct mstream {
	struct stream s; /* once closed it lingers while k is set */
	struct link *k; /* NULL once the link, or the stream in it, is gone */
	struct list at, starved;
	struct buf late; /* put, and not yet taken by the window */
	uint32_t id;
	bool finish; /* we send no more once late is empty */
	bool ended;  /* the peer sends no more */
};

struct mstream *mstream_new(struct link *k, uint32_t id);
void mstream_event(struct mstream *x, const struct mux_event *ev);
void mstream_broken(struct mstream *x); /* with its link */
void mstream_turn(struct mstream *x); /* to send what is late */

/* n bytes for it went straight into its sink. */
void mstream_passed(struct mstream *x, size_t n);

/* Payload from which a frame may go by without a copy. */
#define LINK_BIG (32 * 1024)

void link_look_ahead(struct link *k);
size_t link_room(struct link *k);
void link_soon(struct link *k); /* frames were made: send at pass's end */

#endif
