/* Who holds a port of this host, as far as we may see it in /proc.  Looks at
 * each process: for a failure that somebody reads, not for the loop. */
#ifndef NET_HOLDER_H
#define NET_HOLDER_H

#include <stdbool.h>

#include "core/buf.h"
#include "net/addr.h"

/* Puts "'python3' (pid 123)"; false: nothing is known, nothing is put. */
bool holder_put(struct buf *b, const struct addr *at, bool udp);

#endif
