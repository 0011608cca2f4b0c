/* Between net/far.c and the kinds of far sides. */
#ifndef NET_FAR_INTERNAL_H
#define NET_FAR_INTERNAL_H

#include "net/far.h"

/* A session that lasted so long ends a series of failures. */
#define FAR_STEADY_MS 10000
#define FAR_TEXT      1000 /* a reason, for people */

struct far_kind {
	int (*start)(struct far *f, struct buf *why);
	void (*stop)(struct far *f); /* after start only, and once */
	void (*retry)(struct far *f);
	/* Both set c->own and end by far_answer; cancel is silent. */
	void (*call)(struct far_call *c, const struct offer_want *w);
	void (*cancel)(struct far_call *c);
	bool udp;
};
extern const struct far_kind far_bastion, far_ssh;

struct far {
	struct loop *l;
	const struct far_conf *conf;
	const struct log *log;
	struct far_hooks hooks;
	const struct far_kind *kind;
	enum far_state state;
	struct far_stat stat;
	struct list calls;
	bool was_up, freed;
	void *own;
	struct deferred gone;
};

struct far_call {
	struct far *f;
	struct list at;
	offer_cb *cb;
	void *arg;
	struct timer now;
	bool done;
	void *own;
	struct deferred gone;
};

/* These call back, and are silent after far_free, which may happen in there:
 * what the caller does next must bear that. */
void far_enter(struct far *f, enum far_state s, const char *why, uint64_t ms);
void far_step(struct far *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void far_note(struct far *f, const char *text);
void far_remote(struct far *f, size_t i, const char *at, const char *why);
void far_user(struct far *f, size_t i, struct stream *s); /* takes s */
void far_rtt(struct far *f, int64_t us);
void far_answer(struct far_call *c, struct stream *s, const char *error);

#endif
