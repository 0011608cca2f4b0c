/* What the files of the connect applet share. */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include "cmd/people.h"

#define CONNECT_FAILED 255 /* as ssh has it */

struct connect_opts {
	struct people_opts people;
	char *user, *key, *tcp;
	int64_t port;
	bool stdio, print;
};

/* Each returns the exit status. */
int connect_stdio(const struct person *p, const struct connect_opts *o,
    int port);
/* words: n for ssh, its options and a command. */
int connect_ssh(const struct person *p, const struct connect_opts *o, int port,
    char *const *words, size_t n);
int connect_print(const struct person *p, const struct connect_opts *o);

int connect_failed(const char *why);

#endif
