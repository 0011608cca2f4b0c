/* A connection handed to a program that lets go of all it inherits, as ssh
 * does: whoever knows the name, and is of the same user or root, gets it from
 * a socket that is in no directory.  He takes it from such a one only, too. */
#ifndef NET_HAND_H
#define NET_HAND_H

#include "net/loop.h"

#define HAND_NAME 16

/* The socket, and its name in letters and digits; <0 with errno set. */
int hand_listen(char name[static HAND_NAME]);

struct hand;
/* Owns fd; calls once with the connection, which is the callee's. */
struct hand *hand_new(struct loop *l, int fd, void (*cb)(void *arg, int fd),
    void *arg);
void hand_free(struct hand *h); /* NULL is fine */

/* On the other side: connects to the name, and passes the connection on
 * through the socket that is standard output.  0, or <0 with errno set: EPERM
 * when another user has the name. */
int hand_pass(const char *name);

#endif
