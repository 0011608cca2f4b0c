/* Questions to a process of one's own, over a unix socket: one line of JSON
 * each way.  Only its own user and root are heard. */
#ifndef NET_ADMIN_H
#define NET_ADMIN_H

#include <stdint.h>

#include "core/buf.h"
#include "net/loop.h"

#define ADMIN_LINE_MAX	 4096	       /* of a question */
#define ADMIN_ANSWER_MAX (4u << 20)

struct admin;
/* line is a question without its end; answer gets one JSON object. */
typedef void admin_cb(void *arg, const char *line, struct buf *answer);

/* A listening socket at path, where there is none; or -1 with errno set.  A
 * path is at most 107 bytes long: go through /proc/self/fd/N for others. */
int admin_bind(const char *path);
struct admin *admin_new(struct loop *l, int fd_taken, admin_cb *cb,
    void *arg);
void admin_free(struct admin *a); /* NULL is fine */

struct admin_peer {
	int fd, pid; /* pid: of the one who listens */
};
/* These wait, at most ms: they are not for a loop.  0, or <0 and errno;
 * ETIMEDOUT: it does not answer. */
int admin_call(struct admin_peer *p, const char *path, uint64_t ms);
int admin_ask(struct admin_peer *p, const char *line, struct buf *answer,
    uint64_t ms);
void admin_hang_up(struct admin_peer *p);

#endif
