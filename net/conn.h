/* One non-blocking TCP socket as a stream. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "net/addr.h"
#include "net/loop.h"
#include "net/stream.h"

struct conn;

/* Owns fd, which is connected and tuned.  Reads from the start; nothing comes
 * before the loop turns. */
struct stream *conn_new(struct loop *l, int fd);
/* A socket that is still connecting: STREAM_UP or STREAM_ERROR tells. */
struct stream *conn_connecting(struct loop *l, int fd);
/* What conn_new gave, and how the next bytes are read: n of them, and into a
 * socket where that can be done without a copy (DATA has p NULL then; else it
 * is data as always), or not more than n; 0: as they come. */
void conn_ahead(struct stream *s, struct stream *to, size_t n);
/* It reads no more by itself: when there is something, gate is run, and then
 * conn_pass reads once.  Both are of the loop, and not of a call.  NULL: it
 * reads again. */
void conn_gate(struct stream *s, struct errand *gate);
void conn_pass(struct stream *s);
/* The socket below s is read a little at a time, as long as that is set. */
#define CONN_SIP 4096
void conn_sip(struct stream *s, bool on);
/* Whether the peer of the socket below s has reset it, though nobody has read
 * that yet. */
bool conn_is_gone(const struct stream *s);
int conn_errno(const struct stream *s); /* of STREAM_ERROR; 0 for none */
int conn_fd(const struct stream *s);

/* Ends those that were closed gently and still send: the loop is over. */
void conn_end_all(struct loop *l);

struct conn_keep { /* seconds; idle <= 0: no keepalive */
	int idle, step, tries;
	unsigned user_timeout_ms; /* 0: none; only where the peer must read */
	bool far_only; /* not on loopback, where the kernel knows who died */
};
/* And TCP_NODELAY, and that a close is a break until all was said; before the
 * socket is connected, so that there is no moment without. */
void conn_tune(int fd, const struct conn_keep *k);
/* The socket below s is given up when the peer's host confirms nothing for so
 * long.  Only where the peer's program always reads: TCP takes a reader that
 * stalls for as dead as one that is cut off. */
void conn_impatient(struct stream *s, unsigned ms);

#endif
