/* WebSocket over another stream, as a stream: handshake first, then frames.
 * WebSocket knows no half-close: finish sends a close frame, behind which the
 * peer may still speak, but an end of ours that is only half is not kept. */
#ifndef NET_WS_H
#define NET_WS_H

#include "net/loop.h"
#include "net/stream.h"

/* Take under; STREAM_UP tells when the handshake is done. */
struct stream *ws_serve(struct loop *l, struct stream *under);
/* host: as the request calls the server. */
struct stream *ws_ask(struct loop *l, struct stream *under, const char *host);

#endif
