/* The event loop and what hangs from it: time, timers, signals, deferred
 * frees, pooled big buffers, the work that is put off to the end of a pass so
 * that many small writes become one, and what is told from the next turn
 * because it was found in the middle of a call. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/uio.h>

#include <ev.h>

#include "core/buf.h"
#include "core/list.h"
#include "core/log.h"
#include "net/keeps.h"

#define LOOP_BLOCK (256 * 1024) /* one read, and one pooled buffer, which */
#define LOOP_HEADS (16 * 1024)	/* has room for what is put around it too */
#define LOOP_SHARE (16 * 1024)	/* one read while somebody waits for a few */

/* Work that is put off, once, to the end of the pass or to the next turn. */
struct errand {
	struct list at;
	void (*run)(struct errand *);
};

struct loop {
	struct ev_loop *ev;
	const struct log *log;
	struct list settle; /* struct errand: at the end of this pass, */
	struct list later;  /* and in the next turn, */
	struct list behind; /* or when those who are known have had theirs */
	struct list owing, flushing, held; /* see net/stream.c: streams with
					      something to tell, or to send;
					      bytes for the next holder; */
	struct errand tell, flush;	   /* who does that */
	struct list relays, lasts, signals; /* to be ended with the loop */
	struct deferred *deferred; /* to be run when the turn ends */
	ev_prepare prepare;
	uint8_t *scratch;	   /* LOOP_BLOCK, for the read of this moment */
	uint8_t *blocks[8];
	unsigned nblocks;
	struct loop_gather *gathers; /* to spare */
	ev_timer again; /* the next turn is not waited for */
	struct keeps keeps;
	bool settling, awake;
	bool busy; /* in this turn there was work for those who are known */
#ifdef LOOP_CHECKED
	unsigned calls; /* of streams, on the stack */
#endif
#ifdef LOOP_FAULTS
	unsigned writes, fault_at;
#endif
	struct pipe_pair *pipes; /* see net/pipes.h: those to spare, */
	unsigned npipes, nspare; /* how many there are, and of these */
	char congestion[16]; /* see net/congestion.h */
	uint64_t spoke;	     /* when somebody had a few bytes to say */
	size_t taken;	     /* of peers, since memory was looked at */
	bool limited;	     /* there may be an end of it */
	bool hopeless;	     /* and nobody holds much of it */
	struct errand *heavy; /* looks for who does, and ends them; or NULL */
	uint64_t rest;	     /* us: until then who is behind waits for others */
	int status;
};

struct deferred {
	struct deferred *next;
	void (*run)(struct deferred *);
};

struct loop *loop_new(const struct log *log);
void loop_free(struct loop *l);
int loop_run(struct loop *l); /* returns what loop_stop was given */
void loop_stop(struct loop *l, int status);

/* How much one may move before others get their turn.  What takes 256 KiB at a
 * time moves most; but who has said a few bytes waits for an answer, and would
 * stand behind all of that at each end, and on the way back again. */
size_t loop_turn(const struct loop *l);
void loop_spoke(struct loop *l);

uint64_t loop_now(const struct loop *l); /* ms that never run back */
uint64_t loop_us(void);			 /* the same in microseconds */
int64_t loop_date(void);		 /* Unix seconds */
uint32_t loop_dice(void);
/* How many there may be; raises the limit as far as we may.  A descriptor for
 * each user, source and stranger is soon more than the usual 1024. */
size_t loop_descriptors(void);

/* Under a limit memory is looked for before a peer's bytes are taken, while
 * there is still some for everybody else.  When there is none, whoever holds
 * the most is ended by the next turn; when nobody does, the one who asks is to
 * be.  n: bytes that were taken. */
bool loop_spare(struct loop *l);
static inline void
loop_took(struct loop *l, size_t n)
{
	l->taken += n;
}

void loop_defer(struct loop *l, struct deferred *d, void (*run)(struct deferred *));
void errand_init(struct errand *e, void (*run)(struct errand *));
void errand_drop(struct errand *e);
/* Both are idempotent; an errand is one kind of them. */
void loop_settle_later(struct loop *l, struct errand *e);
void loop_later(struct loop *l, struct errand *e);
/* When everybody else has had the turn; run takes LOOP_BEHIND_US at most, and
 * one step.  As long as others are busy that is a third of the time. */
#define LOOP_BEHIND_US 1000
void loop_behind(struct loop *l, struct errand *e);
/* Runs what waits for the end of the pass, and what that makes wait.  Nobody
 * is told anything from there. */
void loop_settle(struct loop *l);

/* Around each call of a stream, and before each event of one: whoever is in a
 * call is not called. */
static inline void
loop_enter(struct loop *l)
{
	(void)l;
#ifdef LOOP_CHECKED
	l->calls++;
#endif
}

static inline void
loop_leave(struct loop *l)
{
	(void)l;
#ifdef LOOP_CHECKED
	l->calls--;
#endif
}

static inline void
loop_may_tell(const struct loop *l)
{
	(void)l;
#ifdef LOOP_CHECKED
	assert(l->calls == 0);
#endif
}

/* Gives an empty buf a block of LOOP_BLOCK bytes without asking malloc for it
 * each time, and takes it back from an empty one. */
void loop_lend(struct loop *l, struct buf *b);
void loop_take_back(struct loop *l, struct buf *b);

#define LOOP_IOV 64

/* Pieces that go out in one call. */
struct loop_gather {
	struct loop_gather *next;
	int n;
	struct iovec v[LOOP_IOV];
};
struct loop_gather *loop_gather(struct loop *l); /* an empty one */
void loop_gather_back(struct loop *l, struct loop_gather *g); /* NULL: fine */

/* Builds with LOOP_FAULTS fail each n-th write to a socket as if the peer had
 * just reset it; n is the environment's CULVERT_FAULTS. */
static inline bool
loop_fault(struct loop *l)
{
#ifdef LOOP_FAULTS
	if (l->fault_at && ++l->writes % l->fault_at == 0) {
		errno = ECONNRESET;
		return true;
	}
#endif
	(void)l;
	return false;
}

struct timer;
typedef void timer_cb(struct timer *t, void *arg);
struct timer { /* all zero is stopped */
	ev_timer w;
	struct loop *l;
	timer_cb *cb;
	void *arg;
};
/* Fires once; starting it again moves it. */
void timer_start(struct timer *t, struct loop *l, uint64_t ms, timer_cb *cb,
    void *arg);
void timer_stop(struct timer *t);
bool timer_active(const struct timer *t);

typedef void signal_cb(void *arg, int number);
struct on_signal { /* all zero is stopped */
	struct list at; /* in the loop's */
	ev_signal w;
	signal_cb *cb;
	void *arg;
};
/* Until it is stopped, or the loop is freed: then it is as it was by default,
 * for one that comes later would find no loop; SIGHUP stays away from then. */
void loop_signal(struct loop *l, struct on_signal *s, int number,
    signal_cb *cb, void *arg);
void loop_signal_stop(struct loop *l, struct on_signal *s);
/* SIGHUP.  One that was ignored stays ignored, as nohup wants it.  Who has a
 * terminal is told its end: that is looked at now, for then it is gone. */
void loop_hangup(struct loop *l, struct on_signal *s, signal_cb *end,
    signal_cb *other, void *arg);

#endif
