/* A stream joined to descriptors of any kind that others share: pipes,
 * sockets, files, terminals.  Their flags stay as they are, for a flag that is
 * set here is set for all who hold them; so nothing is written that could
 * block, and nothing read that is not there.
 *
 * Each end is passed on alone: the end of in is a half-close of the stream,
 * that of the stream closes out.  It is over when both are, and all bytes have
 * gone. */
#ifndef NET_STDIO_H
#define NET_STDIO_H

#include "net/loop.h"
#include "net/stream.h"

struct stdio;
/* why: NULL after an orderly end; within it the streams are gone. */
typedef void stdio_done(void *arg, const char *why);

/* Takes the stream.  What it brings is kept until there is an out. */
struct stdio *stdio_new(struct loop *l, struct stream *s, stdio_done *done,
    void *arg);
/* Owns both from now on; they may be the same. */
void stdio_use(struct stdio *x, int in, int out);
void stdio_free(struct stdio *x); /* breaks off, silent; NULL is fine */

/* Sees to it that descriptors 0 to 2 are somebody's, so that no file or
 * socket of ours is taken for one of them. */
void stdio_hold(void);

#endif
