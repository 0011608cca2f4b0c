/* A connection to the socket of an ssh that is a ControlMaster of ours: one
 * request at the start, with descriptors, and perhaps more without. */
#ifndef NET_SSH_LINE_H
#define NET_SSH_LINE_H

#include "core/ssh_mux.h"
#include "net/loop.h"

struct ssh_line;
/* NULL: it is over; close it. */
typedef void ssh_line_cb(void *arg, const struct ssh_mux_msg *m);

struct ssh_line_ask {
	const char *path;  /* copied */
	const struct buf *request; /* copied; the hello goes before it */
	const int *fds; /* the callee's, also when it fails */
	size_t nfds;
};
/* Never calls back at once.  A master that is busy is asked again until the
 * caller closes the line. */
struct ssh_line *ssh_line_new(struct loop *l, const struct ssh_line_ask *ask,
    ssh_line_cb *cb, void *arg);
void ssh_line_on(struct ssh_line *x, ssh_line_cb *cb, void *arg);
/* false: it cannot be said. */
bool ssh_line_say(struct ssh_line *x, const struct buf *request);
void ssh_line_close(struct ssh_line *x); /* NULL is fine */

#endif
