/* The far side of tunnels, kept up: a worker that offers itself through a
 * bastion, or a machine with sshd.  It is brought up at once, and again after
 * each loss with growing, jittered waits (1 to 60 s), until it is freed.
 *
 * A dead path is noticed within 30 s.  Whether a worker is there shows only
 * when it is called, so a bastion's far side is up when the login stands and
 * the worker has answered an echo. */
#ifndef NET_FAR_H
#define NET_FAR_H

#include "core/config.h"
#include "net/client.h"
#include "net/offer.h"

enum far_state { FAR_CONNECTING, FAR_UP, FAR_WAITING, FAR_OVER };

/* How a bastion is known of whose key nobody has told us. */
struct far_known {
	/* After the first login, with the key's pin (NULL: no TLS).  *note, if
	 * it holds a text then, is for people.  false: it is not to be trusted,
	 * and the note says why. */
	bool (*met)(void *arg, const char *pin, struct buf *note);
	void *arg;
	struct buf place; /* where its pin is written, for people; or empty */
};

struct far_hooks { /* any may be NULL; never called from within far_new */
	/* why: NULL, or what the last attempt or session ended with, for
	 * people; ms: until the next attempt.  OVER: no more attempts, for
	 * a fault that time does not mend or because of far_conf.once. */
	void (*state)(void *arg, enum far_state s, const char *why,
	    uint64_t ms);
	/* What is done now: "connecting to 'bastion:7000'", "authenticating",
	 * "looking for 'gpu-1'", "worker 'gpu-1' found". */
	void (*step)(void *arg, const char *what);
	/* What people should know, once. */
	void (*note)(void *arg, const char *text);
	/* Each remote forward, after each attempt: its address there, or
	 * NULL and why it is not up. */
	void (*remote)(void *arg, size_t i, const char *at, const char *why);
	/* Somebody has come to one that is a worker's: s is the callee's. */
	void (*user)(void *arg, size_t i, struct stream *s);
	void *arg;
};

struct far_remote { /* -R: there, and where its users are led from here */
	const char *bind; /* NULL: as the far side likes; a worker takes its
			     loopback alone, and a bastion is not asked:
			     far_new fails over others */
	bool public;	  /* of the bastion, not of the worker */
	int port;	  /* 0: the far side picks */
	const char *host;
	int to;
};

struct far_ssh_conf {
	const char *host, *user, *key, *jump; /* NULL: as ssh's own config */
	int port;			      /* 0: the same */
	const char *program;		      /* NULL: "ssh" of PATH */
	const char *known_hosts; /* a file of ours: new keys go there, and
				    the user's own must not contradict */
	const char *dir; /* 0700, ours: for the socket of the master */
	bool ask; /* it may talk to the user on the terminal; else BatchMode */
};

struct far_conf { /* all of it is borrowed, and outlives the far side */
	/* One of the two: */
	const struct client_conf *bastion; /* complete and checked; no proxies,
					      no visitors in it */
	const struct far_ssh_conf *ssh;
	/* With a bastion: */
	const struct client_files *files;
	struct far_known *known; /* NULL: as bastion says */
	const char *worker, *secret;
	const char *server_user; /* of the worker, as in visitors; or NULL */
	bool plain; /* the worker is a stcp service of its own and speaks no
		       SOCKS: far_call leads to it whatever is wanted, and no
		       echo is asked for */
	bool once;  /* the first failure is final, a loss is one, too */
	const struct far_remote *remotes;
	size_t nremotes;
};

struct far;
struct far *far_new(struct loop *l, const struct far_conf *conf,
    const struct log *log, const struct far_hooks *hooks, struct buf *why);
/* Calls under way end without being called back.  NULL is fine. */
void far_free(struct far *f);
enum far_state far_state(const struct far *f);
bool far_has_udp(const struct far *f);
void far_retry(struct far *f); /* now, if it waits */

/* A stream to a target that the far side reaches, which looks up names; as
 * offer_call.  Fails at once when it is not up: who wants to wait does so
 * above.
 *
 * Each way ends alone, with one exception: behind sshd a target that ends
 * first hears no more, for so do ssh's forwards for others (as of ssh -W). */
struct far_call;
struct far_call *far_call(struct far *f, const struct offer_want *w,
    offer_cb *cb, void *arg);
void far_cancel(struct far_call *c); /* NULL is fine */

struct far_stat {
	uint64_t since; /* loop_now of the last change of state */
	uint64_t reconnects;
	int64_t rtt_us;	 /* of the last end-to-end echo; -1: none yet */
	uint64_t rtt_at; /* loop_now, when it came */
	char error[1000]; /* the last; empty: none */
	int pid;	 /* of ssh, while there is one; else 0 */
};
void far_stat(const struct far *f, struct far_stat *s);

#endif
