// SPDX-License-Identifier: MIT
/* The threads that ask for names. */
#include <poll.h>
#include <sched.h>

#include "net/resolve.h"
#include "test/net/net.h"

#define ENDS	  20
#define EXITING	  4u /* among the flags of /proc/PID/stat: it runs no more */
#define STAT_TEXT 512

static bool
is_ending(const char *tid)
{
	char path[300], text[STAT_TEXT], *at;
	unsigned flags = 0;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stat", tid);
	f = fopen(path, "re");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	at = strrchr(text, ')');
	return !at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1 ||
	       (flags & EXITING);
}

static int
threads(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && !is_ending(e->d_name);
	if (d)
		closedir(d);
	return n;
}

static void
on_answer(void *arg, const struct addr *v, size_t n, const char *error)
{
	bool *told = arg;

	(void)v;
	(void)error;
	*told = n > 0;
}

/* All on one processor: a thread that is told to end then gets it only from
 * who waits for it. */
TEST(a_resolver_that_ends_leaves_no_idle_thread_behind)
{
	int i, before = threads();
	cpu_set_t all, one;

	CHECK(before > 0);
	CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
	for (i = 0; i < ENDS; i++) {
		struct loop *l = loop_new(&net_log);
		struct resolver *r = resolver_new(l, NULL);
		bool told = false;

		resolve(r, "localhost", 80, on_answer, &told);
		ev_run(l->ev, 0);
		CHECK(told);
		resolver_free(r);
		CHECK(threads() == before);
		loop_free(l);
	}
	sched_setaffinity(0, sizeof(all), &all);
}

/* A name server that says nothing before the test has it speak. */
static int
name_server(struct addr *at)
{
	struct timeval most = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	addr_literal(at, "127.0.0.1", 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at->at, at->len) == 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	addr_of_self(at, fd);
	return fd;
}

struct query {
	uint8_t text[512];
	ssize_t n;
	struct sockaddr_in from;
};

static void
hear(int fd, struct query *q)
{
	socklen_t len = sizeof(q->from);

	q->n = recvfrom(fd, q->text, sizeof(q->text), 0,
	    (struct sockaddr *)&q->from, &len);
	CHECK(q->n > 12);
}

/* There is no such name. */
static void
answer(int fd, struct query *q)
{
	q->text[2] |= 0x80;
	q->text[3] = 3;
	CHECK(sendto(fd, q->text, (size_t)q->n, 0,
	    (struct sockaddr *)&q->from, sizeof(q->from)) == q->n);
}

TEST(a_resolver_that_ends_does_not_wait_for_who_asks)
{
	int i, before = threads(), fds = net_fds();
	struct loop *l = loop_new(&net_log);
	struct addr at;
	int fd = name_server(&at);
	struct resolver *r = resolver_new(l, &at);
	struct query v4, v6;
	bool told = false;

	resolve(r, "name.invalid", 80, on_answer, &told);
	hear(fd, &v4);
	hear(fd, &v6);
	resolver_free(r);
	CHECK(threads() == before + 1);
	answer(fd, &v4);
	answer(fd, &v6);
	close(fd);
	loop_free(l);
	for (i = 0; i < 10000 && threads() > before; i++)
		poll(NULL, 0, 1);
	CHECK(threads() == before && net_fds() == fds);
}
