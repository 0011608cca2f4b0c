/* The control stream after login: messages through the CFB filter, both ways.
 * What they mean is the business of client and server. */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include "core/filter_cfb.h"
#include "core/wire.h"

struct control;

struct control *control_new(const char *token,
    const uint8_t iv[static CFB_IV_LEN]);
void control_free(struct control *c); /* NULL is fine */
/* Copied; take all messages out before the next feed, so that what is held
 * stays under one message. */
void control_feed(struct control *c, const uint8_t *p, size_t n);
/* 1: a message (release it), 0: needs bytes, <0: broken, sticky. */
int control_next(struct control *c, struct msg *m);
void control_put(struct control *c, const struct msg *m);
struct buf *control_out(struct control *c); /* bytes for the peer */

#endif
