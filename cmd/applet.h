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

enum takes { TAKES_NOTHING, TAKES_WORKER, TAKES_TUNNEL };

struct command {
	const char *name, *brief; /* NULL name ends a list */
	const struct opt *opts[OPT_TABLES - 2]; /* beside the applet's */
	const struct command *commands;
	const char *later; /* known, but refused: the thing that is not there */
	const char *arg;   /* for run, when several commands share one */
	const char *words; /* what it takes, for help; NULL: no words */
	enum takes takes;  /* and what the first of them names */
	bool hidden;	   /* not for people */
	int (*run)(const struct call *c); /* returns the exit status; NULL and
		not later: it prints help, on what is called if it has no
		commands of its own */
};

struct applet {
	struct command root; /* the applet called without a sub-command */
	const char *aliases[3];
	const struct opt *opts; /* for the root and every sub-command */
	size_t record;		/* its size; zeroed, then filled */
	void (*prepare)(void *record); /* before presets; may be NULL */
	void (*release)(void *record); /* before what options own; NULL too */
	int misuse;		/* exit status for a bad command line */
	bool unlinked;		/* no link leads to it: its name is not ours */
};

#define APPLETS(X) \
	X(frps)       \
	X(frpc)       \
	X(bench)      \
	X(completion) \
	X(connect)    \
	X(forward)    \
	X(hand)       \
	X(tunnel)     \
	X(tunnel_start) \
	X(tunnel_stop) \
	X(tunnel_status)

#define APPLET_DECLARE(name_) extern const struct applet applet_##name_;
APPLETS(APPLET_DECLARE)

extern const struct applet *const applets[]; /* ends with NULL */

const struct applet *applet_find(const char *name); /* or an alias; NULL */
const struct command *applet_command(const struct command *list,
    const char *name); /* NULL: there is none */
/* Every table of options that counts for c, a command of a, c's own first;
 * global: with those of all commands.  to has room for OPT_TABLES + 1. */
void applet_tables(const struct applet *a, const struct command *c,
    bool global, const struct opt **to);
/* argv is what follows the applet's name; ends with NULL. */
int applet_run(const struct applet *a, char *const *argv, char *const *env);
/* Was an option given whose feature is not there yet?  Then it is said so:
 * exit with 1.  Every run() asks, unless it passes over such options. */
bool applet_refused(const struct call *c);

/* A command line that is wrong in another way: says why, and where help is.
 * The exit status. */
int applet_misuse(const struct call *c, const char *why);

/* Edit distance without regard to case, for "did you mean". */
bool applet_near(const char *name, const char *typed);

#endif
