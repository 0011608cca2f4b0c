/* A web page for whoever sits at this machine. */
#ifndef CMD_BROWSE_H
#define CMD_BROWSE_H

#include "core/buf.h"

/* Starts $BROWSER, or what opens pages on this desktop, without waiting for
 * it; its process is the caller's to reap.  <0: why says what is missing. */
int browse(const char *url, char *const *env, struct buf *why);

#endif
