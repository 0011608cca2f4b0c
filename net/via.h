/* The way through an outbound proxy: its handshake on a connection to it,
 * HTTP CONNECT or SOCKS5. */
#ifndef NET_VIA_H
#define NET_VIA_H

#include "core/proxy_url.h"
#include "net/loop.h"
#include "net/stream.h"

struct via;

struct via_to {
	const struct proxy_url *proxy; /* outlives the handshake */
	const char *host; /* a name is the proxy's to look up; copied */
	int port;
};

/* s: what was given, now led to the target; what the target has said already
 * is told as STREAM_DATA next.  Or NULL and error, such as
 * "proxy '127.0.0.1:3128': the answer is '403 Forbidden'". */
typedef void via_cb(void *arg, struct stream *s, const char *error);
/* Takes s, which is connected.  Never calls back at once; then it is gone.
 * The deadline is the caller's. */
struct via *via_new(struct loop *l, struct stream *s, const struct via_to *to,
    via_cb *cb, void *arg);
void via_cancel(struct via *v); /* NULL is fine; closes s */

/* "host:port", with brackets where they are needed. */
void via_put_target(struct buf *to, const char *host, int port);
/* "proxy 'host:port': ", how every error here begins. */
void via_put_name(struct buf *to, const struct proxy_url *proxy);

#endif
