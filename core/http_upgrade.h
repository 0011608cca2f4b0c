/* The handshake before WebSocket frames, as frp does it: both roles. */
#ifndef CORE_HTTP_UPGRADE_H
#define CORE_HTTP_UPGRADE_H

#include <stddef.h>
#include <stdint.h>

#include "core/http_head.h"

#define HTTP_UPGRADE_PATH  "/~!frp"
#define HTTP_UPGRADE_NONCE 16
#define HTTP_UPGRADE_KEY   24 /* the same as base64 */

struct http_upgrade { /* all zero is ready */
	struct http_head head;
	char key[HTTP_UPGRADE_KEY + 1]; /* the client's own */
	int err;			/* sticky */
};

void http_upgrade_release(struct http_upgrade *u);

/* The server.  Takes bytes up to the blank line; what is behind belongs to the
 * frames.  1: agreed, the reply is in out; 0: more is needed; <0: send what
 * is in out, and close. */
int http_upgrade_serve(struct http_upgrade *u, const uint8_t **p, size_t *n,
    struct buf *out);

/* The client's request; nonce is random.  host is what the server is called,
 * with its port if it has one.  ERR_PROTO: no host may be written so. */
int http_upgrade_ask(struct http_upgrade *u, struct buf *to, const char *host,
    const uint8_t nonce[static HTTP_UPGRADE_NONCE]);
/* The reply, taken as above.  <0: why is put for people, the first time. */
int http_upgrade_answer(struct http_upgrade *u, const uint8_t **p, size_t *n,
    struct buf *why);

#endif
