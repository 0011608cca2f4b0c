/* The congestion control of our TCP sockets.  A path within one host loses
 * nothing and has no rate to find out: pacing, which some systems have by
 * default, costs it half of its speed. */
#ifndef NET_CONGESTION_H
#define NET_CONGESTION_H

#include "net/addr.h"
#include "net/loop.h"

/* How: "auto", which is cubic, or reno where that may not be had, to peers on
 * loopback and the system's own to all others; "system"; or the name of an
 * algorithm, for all.  0, or -1: this system has no such one for
 * us, and why says so. */
int congestion_set(struct loop *l, const char *how, struct buf *why);
/* A socket before it connects to an address or listens on one, since an
 * algorithm that paces leaves that behind in a connection that it has begun;
 * or one that was accepted from an address, where that came too late. */
void congestion_begin(const struct loop *l, int fd, const struct addr *at);

#endif
