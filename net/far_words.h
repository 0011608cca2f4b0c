/* What went wrong on the way to a worker, told to people: the server's words
 * are for those who run it. */
#ifndef NET_FAR_WORDS_H
#define NET_FAR_WORDS_H

#include "net/far_internal.h"

struct far_names {
	char bastion[300]; /* host:port */
	char worker[200];
	const struct far_known *known; /* as in struct far_conf */
};
void far_names_set(struct far_names *n, const struct far_conf *conf);

/* Each fills the text. */
void far_words_bastion(char to[static FAR_TEXT], const struct far_names *n,
    const struct client *c, enum client_stage in, const char *why);
void far_words_worker(char to[static FAR_TEXT], const struct far_names *n,
    const char *error);
void far_words_lost(char to[static FAR_TEXT], const struct far_names *n,
    const char *why);
/* Does the server say so of a worker that is not there? */
bool far_words_absent(const char *error);

#endif
