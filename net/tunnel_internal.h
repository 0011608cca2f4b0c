/* What the files of net/tunnel*.c share. */
#ifndef NET_TUNNEL_INTERNAL_H
#define NET_TUNNEL_INTERNAL_H

#include "core/pace.h"
#include "core/socks5.h"
#include "net/dial.h"
#include "net/hold.h"
#include "net/listen.h"
#include "net/tunnel.h"
#include "net/twin.h"
#include "net/udp.h"

#define FORWARD_FDS TWIN /* of one forward */

struct forward_fds {
	int fd[FORWARD_FDS]; /* -1: none */
};

struct tunnel_sockets { /* one row a spec; of remote ones it is empty */
	struct forward_fds *v;
	size_t n;
};

struct forward_udp { /* one of its sockets */
	struct forward *f;
	struct udp_front *front;
	struct far_call *call;
};

struct forward {
	struct tunnel *t;
	const struct forward_spec *spec;
	char name[80]; /* where it listens */
	bool refused;  /* the last user, or the forward itself */
	bool answered; /* remote: it is known whether it is up */
	char *at;      /* remote: its address there */
	struct listener *listener[FORWARD_FDS];
	struct forward_udp udp[FORWARD_FDS];
	struct list guests;
	size_t shaking, waiting, calling, joined;
	uint64_t total, up, down; /* bytes: of connections that are over */
	char error[200];
	uint64_t error_at;
	struct pace_gate told;
};

struct tunnel {
	struct loop *l;
	const struct log *log;
	struct tunnel_hooks hooks;
	struct far_conf conf;
	struct far_remote *remotes; /* borrowed texts */
	struct forward **remote_of; /* whose they are */
	struct far *far;
	struct resolver *resolver; /* for remote ones; NULL until it is used */
	struct hold_budget held;   /* what they have said before its target
				      was there */
	struct forward *v;
	size_t n;
	bool ready;
};

/* What people ought to know of f. */
void forward_trouble(struct forward *f, const char *why);
/* A call of f's went well, or was refused. */
void forward_judge(struct forward *f, bool good);

/* ---- connections to a forward ---- */

enum guest_state { GUEST_SHAKING, GUEST_WAITING, GUEST_CALLING, GUEST_JOINED };

struct guest {
	struct forward *f;
	struct list at;
	enum guest_state state;
	struct hold hold;
	struct timer late, doubt;
	char *refusal; /* while it is in doubt */
	struct far_call *call;
	struct dial *dial; /* remote: to its target here */
	struct relay *relay;
	struct socks5 *socks;	   /* dynamic, while it shakes hands */
	struct socks5_addr target; /* dynamic */
	char host[SOCKS5_NAME_MAX + 1];
	bool overdue, over;
	struct deferred gone;
};

void forward_accept(void *arg, int fd, const struct addr *from); /* a hook */
void forward_lead(struct forward *f, struct stream *s); /* remote: takes s */
void forward_call_waiting(struct forward *f); /* the far side is up */
void forward_end_guests(struct forward *f);
void forward_live_bytes(const struct forward *f, uint64_t *up,
    uint64_t *down);

void guest_state(struct guest *g, enum guest_state s);
struct guest *guest_new(struct forward *f, enum guest_state s);
void guest_join(struct guest *g, struct stream *target);
void guest_ask(struct guest *g); /* hold and target are set */
void guest_end(struct guest *g, bool gentle);

void socks_begin(struct guest *g, struct stream *s);
/* error NULL: the way is open; else why it is not. */
void socks_answer(struct guest *g, const char *error);

/* ---- datagrams ---- */

void forward_udp_start(struct forward *f, const struct forward_fds *fds);
void forward_udp_stop(struct forward *f);
void forward_udp_stat(const struct forward *f, struct forward_stat *s);

#endif
