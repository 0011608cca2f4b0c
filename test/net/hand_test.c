// SPDX-License-Identifier: MIT
/* A connection handed over by name; the other side is a process of its own,
 * as its standard output is what the connection is passed through. */
#include "net/hand.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "net/owner.h"
#include "test/net/net.h"

struct world {
	struct loop *l;
	struct hand *hand;
	char name[HAND_NAME];
	int got;
};

static void
on_knock(void *arg, int fd)
{
	struct world *w = arg;

	w->got = fd;
}

static void
start(struct world *w)
{
	int fd = hand_listen(w->name);

	w->got = -1;
	w->l = loop_new(&net_log);
	CHECK(fd >= 0 && strlen(w->name) > 0);
	w->hand = hand_new(w->l, fd, on_knock, w);
}

static void
finish(struct world *w)
{
	hand_free(w->hand);
	if (w->got >= 0)
		close(w->got);
	loop_free(w->l);
}

/* The status of a process that passes the connection to out; user: it is
 * another's, or 0. */
static int
pass(struct world *w, int out, uid_t user)
{
	pid_t pid = fork();
	int status = -1, i;

	if (pid == 0) {
		alarm(20);
		if (user && setuid(user) < 0)
			_exit(9);
		dup2(out, 1);
		_exit(hand_pass(w->name) < 0);
	}
	for (i = 0; i < 1000 && waitpid(pid, &status, WNOHANG) == 0; i++) {
		net_turn(w->l);
		usleep(10000);
	}
	net_turns(w->l, 3);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The descriptor that came through, or -1. */
static int
receive(int from)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char byte;
	struct iovec one = { &byte, 1 };
	struct msghdr m = { .msg_iov = &one, .msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	int fd = -1;

	if (recvmsg(from, &m, MSG_DONTWAIT) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

TEST(hand_gives_the_connection_to_who_knows_its_name)
{
	int way[2] = { -1, -1 }, fd;
	struct world w;
	char got[4] = "";

	start(&w);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, way) == 0);
	CHECK(pass(&w, way[1], 0) == 0);
	fd = receive(way[0]);
	if (CHECK(fd >= 0 && w.got >= 0)) {
		CHECK(write(fd, "abc", 3) == 3);
		CHECK(read(w.got, got, 3) == 3 && !memcmp(got, "abc", 3));
		close(fd);
	}
	close(way[0]);
	close(way[1]);
	finish(&w);
}

TEST(hand_gives_nothing_to_another_user)
{
	int way[2] = { -1, -1 }, fd;
	struct world w;
	char got;

	if (geteuid() != 0) {
		test_skip("only root can become another user");
		return;
	}
	start(&w);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, way) == 0);
	CHECK(pass(&w, way[1], 65534) == 0);
	fd = receive(way[0]);
	if (CHECK(fd >= 0)) {
		CHECK(w.got < 0 && read(fd, &got, 1) == 0);
		close(fd);
	}
	close(way[0]);
	close(way[1]);
	finish(&w);
}

/* Listens in the name of another user until it is killed. */
static pid_t
squat(char name[static HAND_NAME])
{
	int said[2] = { -1, -1 };
	pid_t pid;

	CHECK(pipe(said) == 0);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		if (setuid(65534) < 0 || hand_listen(name) < 0 ||
		    write(said[1], name, HAND_NAME) != HAND_NAME)
			_exit(9);
		pause();
		_exit(0);
	}
	close(said[1]);
	CHECK(read(said[0], name, HAND_NAME) == HAND_NAME);
	close(said[0]);
	return pid;
}

TEST(hand_takes_nothing_from_another_user)
{
	char name[HAND_NAME] = "";
	pid_t pid;

	if (geteuid() != 0) {
		test_skip("only root can become another user");
		return;
	}
	pid = squat(name);
	CHECK(hand_pass(name) < 0 && errno == EPERM);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(owner_is_one_of_our_user_or_root)
{
	int way[2] = { -1, -1 }, pid = 0, status = -1;
	pid_t child;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, way) == 0);
	CHECK(owner_check(way[0], &pid) == 0 && pid == getpid());
	CHECK(owner_check(0x7fff, NULL) < 0 && errno == EBADF);
	child = fork();
	if (child == 0) {
		/* root's, for somebody else; then somebody else's, for one
		 * who is neither */
		if (geteuid() != 0)
			_exit(0);
		if (seteuid(65534) < 0 || owner_check(way[0], NULL) < 0 ||
		    socketpair(AF_UNIX, SOCK_STREAM, 0, way) < 0 ||
		    seteuid(0) < 0 || seteuid(65533) < 0)
			_exit(1);
		_exit(owner_check(way[0], NULL) < 0 && errno == EPERM ? 0 : 2);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	close(way[0]);
	close(way[1]);
}

TEST(hand_is_gone_with_its_holder)
{
	struct world w;

	start(&w);
	hand_free(w.hand);
	w.hand = NULL;
	CHECK(hand_pass(w.name) < 0 && errno == ECONNREFUSED);
	CHECK(hand_pass("") < 0 && errno == EINVAL);
	CHECK(hand_pass("0123456789abcdefg") < 0 && errno == EINVAL);
	finish(&w);
}
