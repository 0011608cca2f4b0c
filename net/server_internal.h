/* What the files of the server share: server.c, renew.c, source.c, crowd.c,
 * stranger.c, greet.c, login.c, session.c, work.c, claim.c and the proxy types'
 * server halves. */
#ifndef NET_SERVER_INTERNAL_H
#define NET_SERVER_INTERNAL_H

#include "core/control.h"
#include "core/deal.h"
#include "core/map.h"
#include "core/pace.h"
#include "core/ports.h"
#include "core/text.h"
#include "crypto/tls.h"
#include "net/conn.h"
#include "net/hold.h"
#include "net/link.h"
#include "net/listen.h"
#include "net/proxy.h"
#include "net/relay.h"
#include "net/server.h"
#include "net/token_file.h"

/* Nobody knows yet who they are: so few of them, for so long. */
#define STRANGER_MAX	 1000
#define STRANGER_MS	 10000
#define STRANGER_STREAMS 8
#define GREET_MS	 10000
/* A holder of a name or port that is wanted by somebody else has this long to
 * answer a probe before it is taken for dead. */
#define PROBE_MS 1500

/* source.c: where somebody comes from, and what is known of there. */
enum saying { SAY_LOGIN, SAY_VISIT, SAY_WORK, SAY_TLS, SAY_GARBAGE, SAYINGS };

struct source {
	uint64_t key;
	struct list past; /* in the server's, if that is all there is */
	struct list turn; /* in a ring of the crowd's */
	struct list fresh, going; /* seats that wait for a turn */
	unsigned strangers, sessions;
	struct pace_guess guesses;
	uint64_t since; /* of what was said in this minute; 0: nothing */
	uint8_t said[SAYINGS];
};

/* crowd.c: the place of a stranger among all of them. */
struct seat {
	struct source *source;
	struct list at;	 /* in its source's, when it waits for a turn */
	size_t place;
	uint64_t since;	 /* us; when it last got further */
	bool shown;	 /* it has said something */
	bool going;	 /* and had a turn */
	void (*turn)(struct seat *s);
	void (*make_way)(struct seat *s); /* leaves, at once */
};

struct crowd {
	struct seat *seats[STRANGER_MAX];
	size_t n;
	struct list turns[2]; /* sources; 1: of those with sessions */
	bool known;	      /* who had the last one */
	size_t halves;	      /* bytes of messages that are not whole yet */
	struct errand work;
};

struct server {
	const struct server_conf *conf;
	const struct log *log;
	struct loop *l;
	struct tls_conf *tls;
	bool tls_force, ca; /* clients need TLS, and a certificate */
	struct token_file *tokens;
	struct listener *listener;
	struct ports *ports, *udp_ports;
	struct addr proxy_addr; /* proxyBindAddr, port unset */
	struct map names;	/* proxy name to struct proxy */
	struct map runs;	/* run id to struct session */
	struct list sessions;
	struct crowd crowd;
	struct map sources; /* struct source */
	struct list past;   /* those which are but remembered */
	size_t npast;
	struct pace_gate said[SAYINGS];
	unsigned left_out[SAYINGS];
	struct timer minute;
	uint64_t generation; /* of sessions; only grows */
	struct map flaps;    /* run id to struct flap */
	struct list flap_order, logins;
	const struct server_hooks *hooks;
	struct on_signal on_term, on_int, on_hup;
	struct timer farewell;
	struct errand heavy; /* memory runs out */
};

/* renew.c */
/* NULL: why. */
struct tls_conf *server_tls(struct server *sv, const struct server_files *f,
    struct buf *why);
void server_take_tls(struct server *sv, struct tls_conf *tls,
    const struct server_files *f);
void server_say_pin(struct server *sv);

/* A user's connection, from accept to the end of its relay. */
struct user;

/* Somebody who waits for a work stream, in the line of its proxy.  cb gets it,
 * never at once, or NULL when none came in time; false: it has no use for it
 * any more.  Whoever waits cancels before the session ends. */
struct work_wait;
typedef bool work_cb(struct work_wait *w, struct stream *work);
struct work_wait {
	struct deal_wait wait;
	struct deal_line *line;
	struct timer late;
	struct errand given;
	struct stream *work; /* that it is to get */
	struct session *session;
	work_cb *cb;
};

/* A greeter is who looks after streams whose first message is awaited, as long
 * as it likes to: it is told when one is over; known: the stream (or its link)
 * became somebody's. */
struct greeter {
	struct list greets;
	size_t n;
	bool refused; /* a login on its link: there is no second one */
	bool owned;   /* their link has an owner, who is known by it */
	size_t held;  /* of them; only if owned */
	struct pace_guess guesses; /* the same; else the source counts */
	void (*done)(struct greeter *g, bool known);
};

/* What one client may make us keep: of its names and claims, in bytes, and of
 * streams that have not said yet what they are for. */
#define SESSION_KEPT	(8 * 1024 * 1024)
#define SESSION_STREAMS 1024

struct session {
	struct server *sv;
	struct list at;
	uint64_t generation, since;
	char *run_id, *user, *client_id;
	char tag[TEXT_TAG]; /* of the run id, for logs */
	char from[ADDR_TEXT];
	struct source *source;
	struct link *link;  /* NULL: each stream is a connection of its own */
	struct stream *ctl; /* the control stream */
	struct control *control;
	struct token *token; /* that its client has shown */
	struct list proxies, claims, probes;
	struct list idle; /* work streams */
	struct deal deal; /* and those who wait for one */
	struct timer silent;
	size_t nidle, pool;
	int ports;	/* used of the quota */
	size_t kept;	/* of SESSION_KEPT */
	struct hold_budget early;
	struct greeter greeter; /* of its link's streams */
	struct pace_gate complaints;
	bool signs;	/* its client proves the token for each stream */
	uint64_t heard; /* when the last valid heartbeat came */
	struct timer beat;
	struct errand overflow; /* it does not read: ends it */
	struct deferred gone;
	bool over;
};

/* source.c: from is an address with a port, as text.  May there be another
 * line in the log that somebody without a token can bring about? */
bool source_may_say(struct server *sv, const char *from, enum saying what);
#define complain(sv, from, what, ...)                        \
	do {                                                 \
		if (source_may_say(sv, from, what))          \
			log_warn((sv)->log, __VA_ARGS__);    \
	} while (0)
/* It guessed wrong: for so many ms it is not to be told. */
uint32_t source_guessed(struct server *sv, const char *from);
struct source *source_of(struct server *sv, const struct addr *from);
void source_strangers(struct server *sv, struct source *o, int more);
struct source *source_session(struct server *sv, const char *from);
void source_session_over(struct server *sv, struct source *o);
void sources_end(struct server *sv);

/* crowd.c: at STRANGER_MAX another one makes way. */
void crowd_init(struct crowd *c);
void crowd_enter(struct server *sv, struct seat *s, const struct addr *from);
void crowd_leave(struct server *sv, struct seat *s);
void crowd_wait(struct server *sv, struct seat *s); /* for its turn */
void crowd_further(struct seat *s); /* a step on the way to a login */
/* So much of a message has come, *half before; false: it is too much for all
 * of them together. */
bool crowd_keep(struct server *sv, size_t *half, size_t now);

/* stranger.c */
void stranger_new(struct server *sv, int fd, const struct addr *from);
void stranger_close_all(struct server *sv);

/* greet.c: reads the first message of a stream (taken) and hands it on. */
void greeter_init(struct greeter *g,
    void (*done)(struct greeter *g, bool known));
/* link: s is of it, and it has no owner yet; by: NULL, or who looks after it. */
void greet_new(struct server *sv, struct stream *s, struct link *link,
    const char *from, struct greeter *by);
void greeter_cancel(struct greeter *g); /* closes all their streams */
/* Their link has found its owner: they go on by themselves. */
void greeter_let_go(struct greeter *g);

/* What a first message has come to. */
enum greeting {
	GREET_DONE,  /* the stream has been taken, or closed, */
	GREET_OWNED, /* and its link has an owner now */
	GREET_NO,    /* refused: the answer is written, and to be sent; */
	GREET_WRONG, /* and it may have been a guess; */
	GREET_ABSENT, /* or one of a name, unless who asks is known */
};

/* login.c: takes s and link if it returns GREET_OWNED; m may be moved from.
 * Of a link that has an owner it is NULL.  One login failed on a link is the
 * last that is looked at there. */
enum greeting login(struct server *sv, struct stream *s, struct link *link,
    struct greeter *by, const char *from, struct msg *m, struct buf *no);
/* Says yes to the client. */
void login_accept(struct session *s, const struct msg_login *m);
void login_end(struct server *sv); /* what waits and what is remembered */

/* session.c */
void session_new(struct server *sv, struct stream *ctl, struct link *link,
    const char *from, const char *run_id, const struct msg_login *m,
    struct token *token);
/* One that does not read what is sent is ended, in the next turn. */
void session_send(struct session *s, const struct msg *m);
/* Tears down at once: names, ports, pool and link are free afterwards. */
void session_end(struct session *s, const char *why);
/* Of what its client can cause at any rate only so much is said. */
bool session_may_complain(struct session *s);
/* Of all who hold much; false: nobody does. */
bool session_end_heaviest(struct server *sv);
/* text for the client: itself, or the summary when details are off */
const char *session_detail(const struct server *sv, const char *text,
    const char *summary);
bool session_auth(struct session *s, int64_t t, const char *key);

/* session_probe.c */
/* Calls back once, and never at once: alive, or not within PROBE_MS. */
struct probe;
typedef void probe_cb(void *arg, bool alive);
struct probe *session_probe(struct session *s, probe_cb *cb, void *arg);
void probe_cancel(struct probe *p);
void session_heard(struct session *s); /* something of the client came */
void session_answer_probes(struct session *s, bool alive);

/* work.c */
void work_want(struct session *s, struct deal_line *line, struct work_wait *w,
    work_cb *cb);
void work_want_last(struct work_wait *w); /* others go before it */
void work_cancel(struct work_wait *w);
void work_arrived(struct session *s, struct stream *work);
void work_ask(struct session *s);     /* for what is wanted by now */
void work_ask_one(struct session *s); /* beyond that */
void work_end(struct session *s);

/* claim.c */
void claim_new_proxy(struct session *s, struct msg *m); /* may move m */
void claim_end(struct session *s);
void proxy_close(struct proxy *p); /* unregisters, closes, frees */

/* proxy_port.c: 0 when listen_on (which takes the port) could listen. */
typedef int proxy_listen(struct proxy *p, int port);
int proxy_take_port(struct proxy *p, struct ports *ports, int64_t wanted,
    proxy_listen *listen_on, struct proxy_refusal *r);

/* user.c: takes fd; or a stream of somebody who comes another way. */
struct user_addrs {
	char src[ADDR_TEXT], dst[ADDR_TEXT]; /* IPs; empty: not said */
	int src_port, dst_port;
};
void user_tune(struct listener *s); /* of a public port */
void user_accept(struct proxy *p, int fd, const struct addr *from);
void user_join(struct proxy *p, struct stream *s, const struct user_addrs *a,
    bool ours);
void user_end_waiting(struct proxy *p);
/* Says to a work stream what it is for, and puts the proxy's filters on. */
struct stream *user_start_work(struct proxy *p, struct stream *work,
    const struct user_addrs *a, bool ours);

/* visit.c: takes s if it returns GREET_DONE. */
enum greeting visit(struct server *sv, struct stream *s, const char *from,
    const struct msg *m, struct buf *no);

#endif
