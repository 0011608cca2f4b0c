// SPDX-License-Identifier: MIT
#include "net/congestion.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
use(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name,
	    (socklen_t)strlen(name));
}

int
congestion_set(struct loop *l, const char *how, struct buf *why)
{
	int fd, r, error;

	snprintf(l->congestion, sizeof(l->congestion), "%s", how ? how : "");
	if (!how || strcmp(how, "auto") == 0 || strcmp(how, "system") == 0)
		return 0;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = fd < 0 ? -1 : use(fd, how); /* a cut name is none */
	error = errno;
	if (fd >= 0)
		close(fd);
	if (r < 0)
		buf_printf(why, "transport.tcpCongestion: '%s' cannot be used:"
		    " %s (/proc/sys/net/ipv4/tcp_allowed_congestion_control "
		    "lists what can)", how, error == ENOENT ?
		    "this kernel does not have it" : strerror(error));
	return r;
}

void
congestion_begin(const struct loop *l, int fd, const struct addr *at)
{
	const char *how = l->congestion;

	if (*how && strcmp(how, "auto") != 0) {
		if (strcmp(how, "system") != 0)
			(void)use(fd, how);
		return;
	}
	if (addr_is_loopback(at) && use(fd, "cubic") < 0)
		(void)use(fd, "reno");
}
