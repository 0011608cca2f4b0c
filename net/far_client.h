/* What a far side's client of its bastion is set to. */
#ifndef NET_FAR_CLIENT_H
#define NET_FAR_CLIENT_H

#include "net/far.h"

/* The bastion's settings with one visitor, of the worker, and a proxy for each
 * public remote forward, whose name ends in '-' and its number.  The lists are
 * made, all else is borrowed.  To be released in any case. */
int far_client_fill(struct client_conf *to, const struct far_conf *from,
    struct buf *why);
void far_client_release(struct client_conf *c);

#endif
