/* What a worker offers to its visitors: any target that it allows.
 *
 * To frp an offer is a stcp proxy as any other.  On each of its streams the
 * visitor speaks SOCKS5 (RFC 1928) without authentication, and the worker
 * dials:
 *
 * - CONNECT: a TCP connection; behind the reply its bytes follow.
 * - UDP ASSOCIATE: the address is not the sender's, as RFC 1928 has it, but
 *   the one target of this stream; behind the reply both ways carry the frames
 *   of core/datagram.h, in which the address is that of a user at the visitor.
 *   Each user gets a socket of its own to the target.
 *
 * CONNECT to OFFER_ECHO, whatever the port, is always allowed: behind the reply
 * the worker sends back what it gets, so that its visitors can see that it is
 * there and how far away.
 *
 * BIND asks for a port of the worker's loopback; the address is a name as of
 * core/door_name.h, and port 0 leaves the choice to the worker.  The one reply
 * names the port.  Behind it both ways carry a mux session (see link_new), in
 * which the worker opens a stream for each who connects.  The port is closed
 * with the session, or when the same name comes again.
 *
 * Names are looked up at the worker.  A reply that refuses is followed by one
 * line of text, of at most SOCKS5_LINE_MAX bytes and ended by a newline, and
 * by the end of the stream: "port 5432 is not offered by 'vps-42'".  SOCKS
 * clients do not read on there. */
#ifndef NET_OFFER_H
#define NET_OFFER_H

#include "net/visitor.h"

#define OFFER_ECHO "echo.culvert.invalid"

struct offer_want {
	const char *host; /* copied */
	int port;
	bool udp;
	bool listen; /* host is the name of a door */
};

/* s: bytes of the target, or datagrams as our frames (see udp_pipe_how), is
 * the callee's; or NULL and the reason, in the worker's words if it gave
 * any. */
struct offer_call;
typedef void offer_cb(void *arg, struct stream *s, const char *error);
/* Never calls back at once; then the call is gone. */
struct offer_call *offer_call(struct visitor *v, const struct offer_want *w,
    offer_cb *cb, void *arg);
/* The same on a stream that leads to the worker already; takes it. */
struct offer_call *offer_talk(struct loop *l, struct stream *s,
    const struct offer_want *w, offer_cb *cb, void *arg);
/* Within the callback: the code of the worker's reply; 0: none came; and the
 * port that it names. */
unsigned offer_code(const struct offer_call *c);
int offer_port(const struct offer_call *c);
void offer_cancel(struct offer_call *c); /* NULL is fine */

#endif
