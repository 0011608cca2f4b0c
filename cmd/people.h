/* What the commands of people share: how they reach a worker, from options,
 * environment and the settings file, in this order. */
#ifndef CMD_PEOPLE_H
#define CMD_PEOPLE_H

#include "cmd/applet.h"
#include "cmd/remember.h"
#include "cmd/say.h"
#include "core/config.h"
#include "core/people.h"
#include "net/far.h"
#include "net/token_file.h"

struct people_opts { /* begins the record of each such command */
	char *server, *token_file, *secret_file, *pin, *ca, *frp_user,
	    *server_user, *bastion, *config;
	bool verbose;
};

extern const struct opt people_opts[];

struct person { /* all zero is empty */
	struct people settings; /* those of the file; empty when there is none */
	char *path;		/* of that file */
	const struct people_worker *of; /* the worker's, or NULL */
	char *worker, *secret, *server_user;

	struct client_conf conf;
	struct client_files files;
	struct token_file tokens;
	struct remember *remember; /* NULL: the settings say it */
	bool bare; /* it runs for another program, again and again: nothing is
		      said of what the settings say themselves */
};

/* Reads the settings file: that of --config or $CULVERT_CONFIG must be there,
 * the usual one may be missing.  These return 0, or <0 and the reason. */
int person_read(struct person *p, const struct people_opts *o,
    char *const *env, struct buf *why);
/* How to reach this worker ("gpu-1", or "gpu-1.worker"); plain: it is a stcp
 * service of its own, which may have no secret. */
int person_lead(struct person *p, const struct people_opts *o,
    char *const *env, const char *worker, bool plain, struct buf *why);
/* For far_new; borrows from p. */
void person_far(const struct person *p, struct far_conf *to);
void person_release(struct person *p);

/* Where that file is: taken by the caller, NULL without a home. */
char *person_settings_path(const struct people_opts *o, char *const *env);
/* "~/x" below $HOME; taken by the caller. */
char *person_expand(const char *path, char *const *env);
/* The same from "/" on, for a process that goes to another directory. */
char *person_from_root(const char *path, char *const *env);

#endif
