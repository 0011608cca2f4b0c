// SPDX-License-Identifier: MIT
#include "net/twin.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/listen.h"

void
twin_set(struct twin *t, const char *bind)
{
	bool all = bind && strcmp(bind, "*") == 0;

	t->spare6 = !bind || all;
	t->n = t->spare6 ? 2 : 1;
	addr_literal(&t->at[0], !bind ? "127.0.0.1" : all ? "0.0.0.0" : bind,
	    0);
	if (t->spare6)
		addr_literal(&t->at[1], all ? "::" : "::1", 0);
}

void
twin_close(struct twin *t)
{
	size_t i;

	for (i = 0; i < TWIN; i++) {
		if (t->fd[i] >= 0)
			close(t->fd[i]);
		t->fd[i] = -1;
	}
}

int
twin_bind(struct twin *t, int port)
{
	struct addr self;
	size_t i;
	int error;

	for (i = 0; i < t->n; i++) {
		addr_set_port(&t->at[i], port);
		t->fd[i] = listen_bind(&t->at[i], t->type, true);
		if (t->fd[i] < 0) {
			if (i > 0 && t->spare6 && (errno == EAFNOSUPPORT ||
			    errno == EADDRNOTAVAIL))
				continue;
			error = errno;
			twin_close(t);
			errno = error;
			t->failed = i;
			return -1;
		}
		if (port == 0 && addr_of_self(&self, t->fd[i]))
			port = addr_port(&self);
	}
	return port;
}
