/* Sockets of both families on one port. */
#ifndef NET_TWIN_H
#define NET_TWIN_H

#include "net/addr.h"

#define TWIN 2

struct twin {
	struct addr at[TWIN];
	size_t n;
	int *fd;    /* TWIN of them, the owner's; -1: none */
	int type;   /* SOCK_STREAM, SOCK_DGRAM */
	bool spare6; /* the second is no loss where there is no IPv6 */
	size_t failed; /* which could not be bound */
};

/* bind: NULL for loopback, "*" for every address, or one. */
void twin_set(struct twin *t, const char *bind);
/* All of them on one port, 0 for any; which, or -1, errno, and none. */
int twin_bind(struct twin *t, int port);
void twin_close(struct twin *t);

#endif
