/* A listening TCP socket: accepts in bounded batches, and rests when there is
 * no descriptor left instead of spinning. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/addr.h"
#include "net/conn.h"
#include "net/loop.h"

struct listener;
/* fd is the callee's, non-blocking and close-on-exec. */
typedef void listen_cb(void *arg, int fd, const struct addr *from);

/* A bound socket, which listens if type is SOCK_STREAM; or -1 with errno set.
 * only6: :: is not every address of IPv4, too. */
int listen_bind(const struct addr *at, int type, bool only6);
struct listener *listen_adopt(struct loop *l, int fd, listen_cb *cb,
    void *arg); /* takes fd, which listens */
/* Both at once; NULL with errno set. */
struct listener *listen_new(struct loop *l, const struct addr *at,
    listen_cb *cb, void *arg);
/* Those accepted are as conn_tune makes them; once for all of them. */
void listen_tune(struct listener *s, const struct conn_keep *keep);
void listen_close(struct listener *s); /* NULL is fine; port free at once */
int listen_port(const struct listener *s);

#endif
