/* A connection through an ssh that is a ControlMaster: two sockets, one each
 * way, whose other ends ssh has, and the line on which they were given to it.
 *
 * When ssh dies its ends are closed just as if the target had ended well.  So
 * an end is believed only when ssh has shown thereafter that it lives. */
#ifndef NET_SSH_STREAM_H
#define NET_SSH_STREAM_H

#include "net/ssh_line.h"
#include "net/stream.h"

struct ssh_guard { /* of one ssh and all streams through it */
	struct list streams;
	/* The number of a question whether it lives; 0: it does not. */
	uint32_t (*ask)(struct ssh_guard *g);
};
void ssh_guard_init(struct ssh_guard *g, uint32_t (*ask)(struct ssh_guard *));
void ssh_guard_answered(struct ssh_guard *g, uint32_t number);
void ssh_guard_end(struct ssh_guard *g); /* it is dead */

/* Takes the line and both descriptors: where to read from, where to write. */
struct stream *ssh_stream_new(struct loop *l, struct ssh_guard *g,
    struct ssh_line *line, int from, int to);

#endif
