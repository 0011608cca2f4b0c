/* One stream to a port of a worker, told step by step; once, without another
 * try. */
#ifndef CMD_REACH_H
#define CMD_REACH_H

#include "cmd/people.h"
#include "cmd/progress.h"

#define REACH_MS 60000 /* until there is a stream, or it failed */

/* s: the stream, the callee's; or NULL and why.  Later once more with NULL:
 * the far side is lost. */
typedef void reach_cb(void *arg, struct stream *s, const char *why);

struct reach {
	struct loop *l;
	struct log log;
	struct far_conf conf;
	struct far *far;
	struct far_call *call;
	struct progress progress;
	struct timer late, ending;
	uint64_t ends; /* when what is not said by then stays unsaid */
	int port, status;
	bool called, over;
	reach_cb *cb;
	void *arg;
};

/* plain: the worker is a service of its own.  <0: why says what is wrong with
 * the settings. */
int reach_start(struct reach *r, struct loop *l, const struct person *p,
    bool plain, int port, struct say *say, reach_cb *cb, void *arg,
    struct buf *why);
/* Lets the last bytes out, and stops the loop. */
void reach_end(struct reach *r, int status);

#endif
