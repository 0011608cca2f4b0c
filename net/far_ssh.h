/* Between the files net/far_ssh*.c. */
#ifndef NET_FAR_SSH_H
#define NET_FAR_SSH_H

#include "net/child.h"
#include "net/echo.h"
#include "net/far_internal.h"
#include "net/far_ssh_args.h"
#include "net/ssh_line.h"
#include "net/ssh_stream.h"

#define SSH_REFUSALS 32 /* reasons that no call has taken yet */

struct ssh_remote {
	struct ssh_side *side;
	size_t i;
	struct ssh_line *line; /* while it is asked for */
	struct timer again;
};

struct ssh_side {
	struct far *f;
	struct buf path; /* of the master's socket */
	struct buf name; /* of the machine, for people */
	struct child *child;
	struct ssh_guard guard;
	struct ssh_line *line;	/* to ask whether it lives */
	uint32_t asked, heard;	/* the number of the last question, answer */
	struct ssh_opening *session; /* of the echo, while it is opened */
	struct echo *echo;
	bool echoes;		/* it has answered, so it has to */
	struct ssh_remote *remotes;
	struct timer find, late, alive, again, echo_again;
	unsigned tries;
	uint64_t up_since;
	char last[FAR_TEXT];	/* words of ssh that may be a reason */
	char refusal[FAR_TEXT];	/* the one that was taken last */
	char *refusals[SSH_REFUSALS];
	size_t nrefusals;
	struct deferred gone;
};

/* A stream being opened through ssh: to a target, or to a command there. */
struct ssh_opening;
typedef void ssh_opened_cb(void *arg, struct stream *s, const char *error);
/* request: of ssh_mux; the descriptors go with it, and one for the errors of
 * a command.  Never calls back at once. */
struct ssh_opening *ssh_open(struct ssh_side *x, struct buf *request,
    bool command, ssh_opened_cb *cb, void *arg);
void ssh_open_cancel(struct ssh_opening *o); /* NULL is fine */

/* What ssh said of a channel that could not be opened; borrowed until the next
 * call. */
const char *ssh_side_refusal(struct ssh_side *x);

/* The connection is; mends: it may go better without anybody doing anything.
 * May call back, as far_enter. */
void ssh_side_lost(struct ssh_side *x, const char *why, const char *hint,
    bool mends);

/* far_ssh_echo.c, far_ssh_remote.c: from when it is up. */
void ssh_echo_start(struct ssh_side *x);
void ssh_echo_end(struct ssh_side *x);
void ssh_remotes_start(struct ssh_side *x);
void ssh_remotes_end(struct ssh_side *x, const char *why); /* NULL: silent */

#endif
