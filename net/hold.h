/* A stream whose other end is not there yet: what comes meanwhile is kept,
 * and is passed on when it can be joined.  A window keeps it small, and of a
 * socket little is read: enough that its end is seen, when it says little
 * before it. */
#ifndef NET_HOLD_H
#define NET_HOLD_H

#include "core/buf.h"
#include "net/loop.h"
#include "net/relay.h"
#include "net/stream.h"

typedef void hold_broken(void *arg); /* the stream is over; close it */

/* What may be kept of all who are held on one account.  Of one whose window is
 * open nothing else holds it back. */
struct hold_budget {
	size_t used, most;
};
#define HOLD_MOST (32 * 1024 * 1024) /* for one session */

struct hold {
	struct stream *s;
	struct buf early;
	bool ended; /* its end came before the other side was there */
	bool full;  /* broken, since it would have cost too much */
	struct hold_budget *budget; /* or NULL; set before it starts */
	hold_broken *broken;
	void (*on_end)(void *arg); /* its end came; NULL: who cares */
	void *arg;
};

/* s stays the caller's until hold_join. */
void hold_start(struct hold *h, struct stream *s, hold_broken *broken,
    void *arg);
void hold_add(struct hold *h, const uint8_t *p, size_t n); /* came before */
/* Relays s (a) with other (b); takes both. */
void hold_join(struct hold *h, struct loop *l, struct stream *other);
/* The same for the one who keeps account; what was held is not in it. */
struct relay *hold_relay(struct hold *h, struct loop *l, struct stream *other,
    relay_done *done, void *arg);
/* The stream's next holder is told what was held, and the end. */
void hold_give_back(struct hold *h);
/* Once it is broken, and before the owner of its budget may be gone. */
void hold_release(struct hold *h);
/* What from has kept, and its end; from keeps nothing. */
void hold_inherit(struct hold *h, struct hold *from);

#endif
