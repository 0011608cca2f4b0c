/* Forwards to one far side: listeners that stay open whatever becomes of it,
 * a bounded queue of users who wait for it a bounded time, and an account of
 * each forward.  One forward's trouble never touches another's. */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include "core/forward_spec.h"
#include "net/far.h"

#define TUNNEL_QUEUE	64    /* users who wait, of one forward */
#define TUNNEL_WAIT_MS	30000 /* and how long each of them does */

/* What is bound before anything goes to the background; not of a loop yet. */
struct tunnel_sockets; /* of all forwards of one tunnel */
/* Binds all, or none.  auto_port: a taken port is replaced by a free one,
 * which is put into the spec.  <0: why names the address, the reason and,
 * where it can be known, the process that holds it. */
int tunnel_bind(struct tunnel_sockets **to, struct forward_specs *specs,
    bool auto_port, struct buf *why);
void tunnel_sockets_close(struct tunnel_sockets *s); /* NULL is fine */

enum forward_state { FORWARD_CONNECTING, FORWARD_UP, FORWARD_REFUSED };

struct forward_stat {
	const struct forward_spec *spec;
	enum forward_state state;
	const char *at;	     /* of a remote one: its address there, or NULL */
	uint64_t now, total; /* connections; of UDP: users */
	uint64_t waiting;
	uint64_t up_bytes, down_bytes; /* to the far side, and from it */
	char error[200];     /* the last; empty: none */
	uint64_t error_at;   /* loop_now */
};

struct tunnel_hooks { /* any may be NULL */
	void (*far)(void *arg, enum far_state s, const char *why, uint64_t ms);
	void (*step)(void *arg, const char *what);
	void (*note)(void *arg, const char *text); /* see struct far_hooks */
	void (*ready)(void *arg); /* once: the far side is up, and every remote
				     forward has been answered */
	/* One connection's trouble, or a forward's, in words for people. */
	void (*trouble)(void *arg, const struct forward_spec *f,
	    const char *why);
	void *arg;
};

struct tunnel;
/* Takes the sockets; specs, conf and hooks are borrowed. */
struct tunnel *tunnel_new(struct loop *l, struct tunnel_sockets *taken,
    const struct forward_specs *specs, const struct far_conf *conf,
    const struct log *log, const struct tunnel_hooks *hooks,
    struct buf *why);
void tunnel_free(struct tunnel *t); /* ports free at once; NULL is fine */
struct far *tunnel_far(struct tunnel *t);
size_t tunnel_forwards(const struct tunnel *t);
void tunnel_stat(const struct tunnel *t, size_t i, struct forward_stat *s);

#endif
