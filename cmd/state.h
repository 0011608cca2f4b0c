/* What is to outlive a process: small files in a directory of the user's own,
 * each of which is always the old one or the new one. */
#ifndef CMD_STATE_H
#define CMD_STATE_H

#include <stdbool.h>

#include "core/buf.h"

/* Where: absolute, taken by the caller; NULL: there is no such place.  A
 * server's: what is given (or NULL), $STATE_DIRECTORY, for root
 * /var/lib/culvert, else a person's: $XDG_STATE_HOME/culvert, else
 * ~/.local/state/culvert.  Before these a person has $CULVERT_STATE_DIR. */
char *state_of_server(const char *given, char *const *env);
char *state_of_person(char *const *env);

enum state_flags {
	STATE_MAKE = 1,	  /* it is made, 0700, with what is above it */
	STATE_SHARED = 2, /* others may be let in, as on volumes that force a
			     mode; else they may not write there */
	STATE_STRICT = 4, /* nor read; and it is not behind a link */
};
#define STATE_NONE (-2)
/* The directory's descriptor; it must be ours.  STATE_NONE: it is not there
 * and not to be made; -1: why not. */
int state_open(const char *path, unsigned flags, struct buf *why);
/* What is to be the next content of a file; others who begin wait for its end.
 * A descriptor, or <0: why not. */
int state_begin(int dir, const char *path, const char *name,
    struct buf *why);
/* Appends the file; STATE_NONE: there is none; -1: why not.  A link, or
 * another user's file, is none of ours.  open_to_all may be NULL. */
int state_load(int dir, const char *path, const char *name, struct buf *to,
    bool *open_to_all, struct buf *why);
/* Written to fd, which is state_begin's, and to the disk, and then put in
 * place.  anew: what is there stays, then STATE_THERE.  -1: why not, and
 * nothing has changed. */
#define STATE_THERE 1
int state_put(int dir, const char *path, const char *name, int fd,
    struct buf *text, bool anew, struct buf *why);
void state_end(int dir, const char *name, int fd);

int state_write(int fd, struct buf *text); /* all, to the disk; <0: errno */
void state_make_dirs(const char *path); /* those above it; what is wrong with
					   one shows later */

#endif
