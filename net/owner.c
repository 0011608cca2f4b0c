// SPDX-License-Identifier: MIT
#include "net/owner.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int
owner_check(int fd, int *pid)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return -1;
	if (pid)
		*pid = (int)who.pid;
	if (n == sizeof(who) && (who.uid == geteuid() || who.uid == 0))
		return 0;
	errno = EPERM;
	return -1;
}
