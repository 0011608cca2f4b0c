/* The applets of the one binary, and what each row of their tables means.
 * A new applet is a file of its own and a name in APPLETS. */
#ifndef CMD_APPLET_H
#define CMD_APPLET_H

#include <stddef.h>

#include "cmd/opt.h"

struct applet;
struct command;

struct call { /* a command line, read */
	const struct applet *applet;
	const struct command *command;
	void *record; /* the applet's, filled from the options */
	const struct opt_result *given;
	char *const *env;
};

struct command {
	const char *name, *brief; /* NULL name ends a list */
	const struct opt *opts[OPT_TABLES - 2]; /* beside the applet's */
	const struct command *commands;
	const char *later; /* known, but refused: the thing that is not there */
	const char *arg;   /* for run, when several commands share one */
	int (*run)(const struct call *c); /* returns the exit status; NULL and
		not later: it is the command that prints help */
};

struct applet {
	struct command root; /* the applet called without a sub-command */
	const char *aliases[3];
	const struct opt *opts; /* for the root and every sub-command */
	size_t record;		/* its size; zeroed, then filled */
	void (*prepare)(void *record); /* before presets; may be NULL */
	void (*release)(void *record); /* before what options own; NULL too */
	int misuse;		/* exit status for a bad command line */
};

#define APPLETS(X) \
	X(frps)    \
	X(frpc)    \
	X(bench)

#define APPLET_DECLARE(name_) extern const struct applet applet_##name_;
APPLETS(APPLET_DECLARE)

extern const struct applet *const applets[]; /* ends with NULL */

const struct applet *applet_find(const char *name); /* or an alias; NULL */
/* argv is what follows the applet's name; ends with NULL. */
int applet_run(const struct applet *a, char *const *argv, char *const *env);
/* Was an option given whose feature is not there yet?  Then it is said so:
 * exit with 1.  Every run() asks, unless it passes over such options. */
bool applet_refused(const struct call *c);

/* Edit distance without regard to case, for "did you mean". */
bool applet_near(const char *name, const char *typed);

#endif
