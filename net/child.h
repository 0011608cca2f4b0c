/* A program run without a shell and watched: its lines on standard error, and
 * its end.  Its standard input and output are nothing.  It dies with us,
 * whatever ends us. */
#ifndef NET_CHILD_H
#define NET_CHILD_H

#include "net/loop.h"

struct child;

struct child_how {
	const char *program; /* a path, or a name to be looked for in PATH */
	char *const *argv;   /* from the program's own name on; NULL-ended */
	char *const *env;    /* NULL-ended, set beside what there is; or NULL */
	bool terminal;	     /* it may talk to the user on ours */
};

struct child_hooks {
	/* Without its end, and otherwise as it came. */
	void (*line)(void *arg, const char *text);
	/* It has ended; how, for people.  Close it. */
	void (*ended)(void *arg, const char *how);
	void *arg;
};

/* NULL: why says what is missing.  Never calls back at once. */
struct child *child_new(struct loop *l, const struct child_how *how,
    const struct child_hooks *hooks, struct buf *why);
int child_pid(const struct child *c);
/* Takes the lines that are there now, by way of the hook. */
void child_read(struct child *c);
/* Killed if it still runs, with what it has started itself, unless that may
 * use the terminal.  NULL is fine. */
void child_close(struct child *c);

#endif
