/* A loop that a test turns by hand, and loopback sockets that it holds the far
 * ends of.  Nothing waits: a turn does what can be done. */
#ifndef TEST_NET_NET_H
#define TEST_NET_NET_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/loop.h"
#include "test/t.h"

static inline void
net_no_line(void *arg, enum log_level level, const char *where,
    const char *text)
{
	(void)arg;
	(void)level;
	(void)where;
	(void)text;
}

static const struct log net_log = { LOG_ERROR, net_no_line, NULL,
	NULL };

/* Whether anything is still watched. */
static inline bool
net_turn(struct loop *l)
{
	return ev_run(l->ev, EVRUN_NOWAIT) != 0;
}

static inline void
net_turns(struct loop *l, int n)
{
	while (n-- > 0)
		net_turn(l);
}

static inline int
net_listen(struct addr *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr_literal(at, "127.0.0.1", 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at->at, at->len) == 0);
	CHECK(listen(fd, 16) == 0);
	addr_of_self(at, fd);
	return fd;
}

/* Both ends of a TCP connection, not blocking. */
static inline void
net_pair(int fd[2])
{
	struct addr at;
	int l = net_listen(&at);

	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(connect(fd[0], (struct sockaddr *)&at.at, at.len) == 0);
	fd[1] = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(fd[1] >= 0);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	close(l);
}

/* For one that writes byte by byte: none waits for another's receipt. */
static inline void
net_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Closed so that the peer sees a reset. */
static inline void
net_abort(int fd)
{
	static const struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static inline int
net_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

#endif
