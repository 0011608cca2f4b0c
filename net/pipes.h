/* Pipes through which payload goes from socket to socket without entering this
 * process.  A pipe is somebody's only while bytes are inside: an idle
 * connection has none. */
#ifndef NET_PIPES_H
#define NET_PIPES_H

#include "net/loop.h"
#include "net/stream.h"

struct pipe_pair {
	struct pipe_pair *next;
	int r, w;
	size_t n; /* bytes inside */
	uint8_t head[STREAM_HEAD]; /* goes before them */
	uint8_t head_n;
};

/* NULL: there is no descriptor, or there are enough of them: copy instead. */
struct pipe_pair *pipes_take(struct loop *l);
/* An empty one is kept for the next, within bounds; others are closed. */
void pipes_give(struct loop *l, struct pipe_pair *p); /* NULL is fine */
void pipes_free(struct loop *l);

#endif
