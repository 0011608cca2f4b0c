/* The way out through an HTTP proxy: CONNECT, as frpc asks it. */
#ifndef CORE_HTTP_CONNECT_H
#define CORE_HTTP_CONNECT_H

#include "core/http_head.h"

/* target is "host:port"; user may be NULL, then there is no password either.
 * ERR_PROTO: no target may be written so. */
int http_connect_ask(struct buf *to, const char *target, const char *user,
    const char *password);
/* Takes bytes up to the blank line; what is behind is the target's.  1: the
 * way is open; 0: more is needed; <0: it is not, and why is put for people.
 * Not to be called again once it was not 0. */
int http_connect_answer(struct http_head *h, const uint8_t **p, size_t *n,
    struct buf *why);

#endif
