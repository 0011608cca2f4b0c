// SPDX-License-Identifier: MIT
/* Latency: one byte there and back, again and again, alone or beside bulk
 * that a process of its own makes. */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLES = 1 << 20 };

static void
once(int fd)
{
	uint8_t byte = 0;

	if (send(fd, &byte, 1, 0) != 1)
		die("send");
	if (recv(fd, &byte, 1, 0) != 1)
		die("no byte came back");
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static pid_t
start_bulk(const struct options *o)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	/* Whatever becomes of the one that measures. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	bulk_endless(o);
}

static double
us(const uint32_t *sorted, size_t n, double part)
{
	size_t at = (size_t)((double)n * part);

	return sorted[at < n ? at : n - 1] / 1e3;
}

static size_t
measure(int fd, uint32_t *took, long ms)
{
	uint64_t then = now_ns(), until = then + (uint64_t)ms * 1000000, now;
	size_t n = 0;

	while (then < until && n < SAMPLES) {
		once(fd);
		now = now_ns();
		took[n++] = now - then < UINT32_MAX ? (uint32_t)(now - then) :
		    UINT32_MAX;
		then = now;
	}
	return n;
}

int
mode_ping(const struct options *o)
{
	uint32_t *took = must_calloc(SAMPLES, sizeof(*took));
	pid_t bulk = o->beside ? start_bulk(o) : 0;
	int fd = tcp_dial_wait(o->to);
	uint8_t ask = ASK_ECHO;
	size_t n;

	if (send(fd, &ask, 1, 0) != 1)
		die("send");
	measure(fd, took, o->warm);
	n = measure(fd, took, o->window);
	if (bulk) {
		if (waitpid(bulk, NULL, WNOHANG) == bulk)
			fail("the bulk beside it has ended");
		kill(bulk, SIGKILL);
		waitpid(bulk, NULL, 0);
	}
	if (n == 0)
		fail("not one byte has come back");
	qsort(took, n, sizeof(*took), compare);
	printf("{\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	    "\"n\": %zu}\n", us(took, n, .5), us(took, n, .99),
	    us(took, n, .999), n);
	free(took);
	return 0;
}
