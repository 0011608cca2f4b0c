/* The kinds of proxies, and the list of them.  A kind is one file,
 * net/proxy_NAME.c, with both ends in it, and one word in PROXY_TYPES. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "core/buf.h"
#include "core/config.h"
#include "core/deal.h"
#include "core/msg.h"
#include "net/addr.h"
#include "net/loop.h"
#include "net/stream.h"

#define PROXY_TYPES(X) X(tcp) X(udp) X(stcp) X(sudp)

struct session;
struct client_job;

/* A proxy at the server. */
struct proxy {
	const struct proxy_type *type;
	struct session *session;
	char *name;
	char *secret;		    /* of those that visitors come to */
	struct strings allow_users; /* empty: the owner's own */
	bool encrypt, compress;	    /* its work streams */
	bool ours;		    /* its client knows our datagrams */
	struct list at;		    /* in its session */
	struct list users;	    /* struct user, waiting */
	struct deal_line line;	    /* they, and others of the type's */
	size_t nusers;
	size_t weight; /* of what its client may make us keep */
	int ports;	   /* how many count against the client's quota */
	char remote_addr[64];
	struct listener *listener;
	int port;
	void *own; /* the type's */
	struct deferred gone;
};

/* Why a proxy could not be opened. */
struct proxy_refusal {
	char text[200];	      /* for the client, in frp's words */
	struct proxy *holder; /* who stands in the way, if it is somebody */
};

struct proxy_type {
	const struct config_type *conf; /* its name and its settings */
	/* server: 0, or <0 and the refusal is filled */
	int (*open)(struct proxy *p, const struct msg_new_proxy *m,
	    struct proxy_refusal *r);
	void (*close)(struct proxy *p);
	int ports;    /* what it takes of maxPortsPerClient */
	bool visited; /* visitors come to it by name */
	/* client: its part of NewProxy, and a work stream that was started */
	void (*describe)(const struct proxy_conf *c, struct msg_new_proxy *m);
	void (*work)(struct client_job *j, const struct msg_start_work_conn *m);
};

#define PROXY_DECLARE(name)                            \
	extern const struct proxy_type proxy_type_##name; \
	extern const struct config_type proxy_conf_##name;
PROXY_TYPES(PROXY_DECLARE)

/* NULL when there is no such type. */
const struct proxy_type *proxy_type_of(const char *name);
/* The settings of all types, for config_client. */
extern const struct config_types proxy_config_types;

#endif
