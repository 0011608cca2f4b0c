/* What the files of the client share: client.c, client_run.c, uplink.c,
 * client_control.c, client_proxy.c, client_work.c and the proxy types' client
 * halves. */
#ifndef NET_CLIENT_INTERNAL_H
#define NET_CLIENT_INTERNAL_H

#include "core/auth.h"
#include "core/control.h"
#include "core/pace.h"
#include "core/proxy_url.h"
#include "core/text.h"
#include "crypto/pins.h"
#include "crypto/tls.h"
#include "net/client.h"
#include "net/dial.h"
#include "net/hold.h"
#include "net/link.h"
#include "net/proxy.h"
#include "net/relay.h"
#include "net/token_file.h"

#define CLIENT_LOGIN_MS 10000 /* for the handshakes below the login together,
				 and for the answer to it */

struct client {
	const struct client_conf *conf;
	const struct client_hooks *hooks;
	const struct log *log;
	struct loop *l;
	struct resolver *resolver;
	struct tls_conf *tls; /* NULL: plain */
	char peer[PINS_SIZE]; /* its pin, or empty; */
	char strange[PINS_SIZE]; /* and one that was refused for it */
	struct proxy_url proxy; /* on the way; host NULL: none */
	struct client_range range;
	struct list proxies, visitors, jobs, services, diallers, doors;
	struct list callers; /* of visitors, who wait for a stream */
	size_t wanted, idle; /* work streams: to be opened, and not started */
	size_t uplinks;	     /* being made, for one or the other */
	size_t ndoors;
	struct errand room;  /* one more may be opened */
	struct pace_gate told; /* of work streams that led nowhere, */
	struct pace_gate doors_told; /* and of doors */
	struct uplink *uplink; /* being made, for the control stream */
	struct link *link;     /* NULL without a mux, or while down */
	struct stream *ctl;
	struct token_file *tokens;
	struct token *token; /* of the login, and all that follows it */
	struct wire wire; /* until LoginResp has come */
	struct control *control;
	struct timer login_late, again, ping, pong;
	char run_id[65], tag[TEXT_TAG]; /* which is for logs */
	uint64_t up_since, pong_at;
	unsigned tries;	  /* since the last session that lasted */
	unsigned session; /* counts logins: late events of an old one end */
	enum client_stage stage;
	struct hold_budget held;  /* what came before its service was there */
	bool was_up, refused, over;
	bool early; /* the server keeps it, see visitor_call_saying */
	bool alone; /* the loop ends with it */
	struct buf why; /* it is final, for client_run's */
	struct deferred gone;
};

/* uplink.c: a stream to the server: through the proxy, WebSocket, TLS. */
struct uplink;
typedef void uplink_cb(void *arg, struct stream *s, const char *error);
struct uplink *uplink_new(struct client *c, uplink_cb *cb, void *arg);
/* The same; NULL when enough are being made: client_room, when one is done. */
struct uplink *uplink_one_more(struct client *c, uplink_cb *cb, void *arg);
void uplink_cancel(struct uplink *u); /* NULL is fine */

/* client.c */
void client_lost(struct client *c, const char *why);
void client_cut(struct client *c, const char *why); /* by the other end */
void client_goodbye(struct client *c); /* no more of it, but client_free */
void client_room(struct client *c); /* in the next turn, if there is any,
				       streams that are waited for are opened */

/* client_control.c: takes s. */
void client_login(struct client *c, struct stream *s);
void client_send(struct client *c, const struct msg *m);
/* The proof at time t that c knows the token. */
void client_key(const struct client *c, int64_t t,
    char to[static AUTH_KEY_LEN + 1]);
void client_control_end(struct client *c);

/* client_proxy.c */
enum proxy_state { PROXY_NEW, PROXY_WAIT, PROXY_UP, PROXY_REFUSED };

struct client_proxy {
	struct client *client;
	struct list at;
	const struct proxy_conf *conf;
	const struct proxy_type *type;
	char *name; /* as the server knows it */
	enum proxy_state state;
	struct timer timer;
	int port, tried; /* of a range: this one, and how many before it */
	char remote_addr[128];
	struct deferred gone;
};
void client_proxies_make(struct client *c);
void client_proxies_free(struct client *c);
void client_proxies_start(struct client *c); /* logged in */
void client_proxies_stop(struct client *c);  /* the session is lost */
void client_proxies_close(struct client *c); /* says goodbye to the server */
void client_proxy_answer(struct client *c,
    const struct msg_new_proxy_resp *m);
struct client_proxy *client_proxy_of(struct client *c, const char *name);

/* client_work.c */
void client_work(struct client *c); /* one work stream, as asked for */
bool client_work_open(struct client *c); /* one that waits; or false */
void client_work_end(struct client *c);
/* Relays the work stream to the proxy's service, or gives it to the plugin
 * that the proxy has instead. */
void client_serve(struct client_job *j);
struct client_proxy *client_job_proxy(const struct client_job *j);
/* While it is given to its plugin: where the user comes from, or "". */
const char *client_job_from(const struct client_job *j);
/* The job ends; its stream, with what came on it already, goes to h. */
struct hold;
void client_job_take(struct client_job *j, struct hold *h,
    void (*broken)(void *arg), void *arg);

/* client_udp.c: the same for datagrams. */
void client_serve_udp(struct client_job *j, bool ours, bool only_one);
void client_udp_end(struct client *c);

#endif
