/* Datagrams over a stream: the pipe that carries them, the front where users
 * are, the back where the service is.  A front is a server's public port or a
 * visitor's local one; a back belongs to the owner of the service. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "core/datagram.h"
#include "net/addr.h"
#include "net/loop.h"
#include "net/stream.h"

/* ---- the pipe ---- */

struct udp_pipe;

enum udp_pipe_event { UDP_PIPE_PACKET, UDP_PIPE_DOWN };
typedef void udp_pipe_cb(struct udp_pipe *p, enum udp_pipe_event ev,
    const struct datagram_source *from, const uint8_t *data, size_t n,
    void *arg);

struct udp_pipe_how {
	bool ours;	/* our frames; else frp's messages */
	bool pings;	/* we send signs of life */
	uint64_t silent_ms; /* nothing for so long is the end; 0: never */
	size_t most;	/* longest datagram that frp's end takes */
	const char *name; /* of the proxy, for the log; copied */
};

/* Takes s. */
struct udp_pipe *udp_pipe_new(struct loop *l, struct stream *s,
    const struct udp_pipe_how *how, udp_pipe_cb *cb, void *arg);
void udp_pipe_send(struct udp_pipe *p, const struct datagram_source *to,
    const void *data, size_t n);
void udp_pipe_close(struct udp_pipe *p); /* NULL is fine */

/* ---- the front ---- */

/* What comes from the pipe goes only to those who sent something here within
 * the last minute: whoever has the other end names any address. */
#define UDP_FRONT_IDLE	  60000
#define UDP_FRONT_SOURCES 12288

struct udp_front;

/* The front wants a pipe: give it one by udp_front_join. */
typedef void udp_front_ask(void *arg);

/* NULL with errno set. */
struct udp_front *udp_front_new(struct loop *l, const struct addr *at,
    const char *name, udp_front_ask *ask, void *arg);
/* Of a socket that is bound; takes fd. */
struct udp_front *udp_front_adopt(struct loop *l, int fd, const char *name,
    udp_front_ask *ask, void *arg);
void udp_front_join(struct udp_front *f, struct stream *s,
    const struct udp_pipe_how *how);
bool udp_front_joined(const struct udp_front *f);
struct udp_front_stat {
	uint64_t now, total; /* users; now: within a minute */
	uint64_t in, out;    /* bytes from them, and to them */
};
void udp_front_stat(struct udp_front *f, struct udp_front_stat *s);
void udp_front_close(struct udp_front *f); /* NULL is fine */

/* ---- the back ---- */

struct udp_back;
typedef void udp_back_done(void *arg); /* the pipe is down; close it */

/* Takes s.  Every source gets a socket of its own to the service, for as long
 * as it is used. */
struct udp_back *udp_back_new(struct loop *l, struct stream *s,
    const struct udp_pipe_how *how, const struct addr *service,
    udp_back_done *done, void *arg);
void udp_back_close(struct udp_back *b); /* NULL is fine */

void udp_source_of(struct datagram_source *to, const struct addr *a);
void udp_addr_of(struct addr *to, const struct datagram_source *from);

#endif
