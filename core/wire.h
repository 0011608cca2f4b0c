/* frp's messages in v1 frames: one type byte, eight bytes of length, JSON. */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/msg.h"

#define WIRE_HEAD     9
#define WIRE_MAX_BODY 10240 /* what frp's reader refuses to pass */

struct wire { /* all zero is ready */
	uint8_t head[WIRE_HEAD];
	uint8_t have; /* bytes of the head */
	int err;      /* sticky */
	struct buf body;
};

void wire_release(struct wire *w);
/* Takes bytes from *p up to the end of one message and not further, since what
 * follows may be something else.  1: m is one (release it), 0: all bytes are
 * taken and more are needed, <0: broken. */
int wire_take(struct wire *w, const uint8_t **p, size_t *n, struct msg *m);
void wire_put(struct buf *to, const struct msg *m);

#endif
