/* A stream whose other end sends back what it gets: asked every now and then
 * whether it still does, and how long that takes. */
#ifndef NET_ECHO_H
#define NET_ECHO_H

#include "net/loop.h"
#include "net/stream.h"

#define ECHO_EVERY_MS 10000 /* from an answer to the next stamp */
#define ECHO_LATE_MS  15000 /* no answer for so long: the path is dead */

/* us: what the way there and back took; or <0 and why it is over. */
struct echo;
typedef void echo_cb(void *arg, int64_t us, const char *why);
/* Takes s, and asks at once.  Never calls back at once; close it when it is
 * over, too. */
struct echo *echo_new(struct loop *l, struct stream *s, echo_cb *cb, void *arg);
void echo_close(struct echo *e); /* NULL is fine */

/* The other end.  What is sent back waits for the peer, up to a small bound:
 * who sends and does not read is cut off. */
struct echo_back;
typedef void echo_back_done(void *arg); /* it has ended; close it */
/* Takes s, which is held back by whoever consumes. */
struct echo_back *echo_back_new(struct loop *l, struct stream *s,
    echo_back_done *done, void *arg);
void echo_back_close(struct echo_back *b); /* NULL is fine */

#endif
