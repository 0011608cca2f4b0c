/* Whose process is at the other end of a unix socket: a name there is anybody's
 * who comes first, and so is a connection to it. */
#ifndef NET_OWNER_H
#define NET_OWNER_H

/* 0: our own user's, or root's; or <0 and errno, EPERM for another one.  The
 * process that has connected, or that listens: pid, which may be NULL. */
int owner_check(int fd, int *pid);

#endif
