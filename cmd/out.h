/* A descriptor that others share, and that somebody may have stopped reading:
 * a terminal, a pipe, a socket.  What is put waits for its turn, never the
 * program for its reader.  The flags of what we were given stay as they are,
 * for they are the shell's too. */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

struct out { /* all zero but for fd: not used yet */
	int fd;	     /* as given, */
	int at;	     /* and where it is written */
	bool open;
	bool own;    /* at is another than fd */
	bool full;   /* lines are lost until half of them have left */
	bool torn;   /* the last line is there in part */
	int error;   /* why nothing can be put; 0: it is only full */
	int flags;   /* of each send; <0: it is no socket */
	size_t most; /* in one write that must not block; 0: any number */
	size_t done; /* bytes of the first line that waits */
	struct buf wait;
	unsigned long lost; /* lines; for the caller to tell, and to clear */
};

/* Whole lines, at most 4096 bytes at a time if they are not to be torn where
 * others write too.  False: they are not taken. */
bool out_put(struct out *o, const void *p, size_t n);
bool out_has_room(struct out *o);
/* In how many ms to try again; 0: nothing waits any more. */
unsigned out_flush(struct out *o);
/* What waits is lost.  It may be used again, and fd stays open. */
void out_close(struct out *o);

#endif
