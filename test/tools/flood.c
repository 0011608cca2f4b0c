// SPDX-License-Identifier: MIT
/* flood FROM HOST PORT RATE SECONDS HELD: opens RATE connections a second from
 * the address FROM, says on each one what it was given on its standard input,
 * which may be nothing, and holds the last HELD of them open, silent, while it
 * opens more.  Says "flooding" when it begins, and at its end, which SIGTERM
 * brings about too, how many there were in a second.  IPv4 only. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static struct sockaddr_in from, to;
static uint8_t text[16384];
static size_t len;
static volatile sig_atomic_t over;

static void
on_term(int number)
{
	(void)number;
	over = 1;
}

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Waits for the connection only as long as loopback takes, which is not at
 * all unless the listener's queue is full. */
static int
open_one(void)
{
	static const struct linger at_once = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	int on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ||
	    errno == EINPROGRESS) &&
	    (len == 0 || send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len))
		return fd;
	close(fd);
	return -1;
}

static int
addr(struct sockaddr_in *a, const char *ip, const char *port)
{
	a->sin_family = AF_INET;
	a->sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	return inet_pton(AF_INET, ip, &a->sin_addr) == 1 ? 0 : -1;
}

static double
flood(uint64_t rate, uint64_t us, size_t held)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	int *ring = calloc(held, sizeof(*ring));
	uint64_t began = now_us(), tried = 0, spent = 1;
	size_t done = 0, at;
	int fd;

	while (ring && !over && (spent = now_us() - began) < us) {
		if (tried * 1000000 >= rate * spent) {
			nanosleep(&nap, NULL);
			continue;
		}
		tried++;
		fd = open_one();
		if (fd < 0)
			continue;
		at = done++ % held;
		if (ring[at])
			close(ring[at]);
		ring[at] = fd;
	}
	free(ring); /* the descriptors end with us */
	return (double)done * 1000000 / (double)spent;
}

int
main(int argc, char **argv)
{
	struct rlimit r;
	double done;
	size_t held;
	ssize_t n;

	if (argc != 7 || addr(&from, argv[1], "0") < 0 ||
	    addr(&to, argv[2], argv[3]) < 0 ||
	    (held = strtoul(argv[6], NULL, 10)) == 0) {
		fputs("usage: flood FROM HOST PORT RATE SECONDS HELD\n",
		    stderr);
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	while (len < sizeof(text) &&
	    (n = read(0, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	signal(SIGTERM, on_term);
	puts("flooding");
	fflush(stdout);
	done = flood(strtoul(argv[4], NULL, 10),
	    strtoul(argv[5], NULL, 10) * 1000000, held);
	printf("%.0f\n", done);
	return 0;
}
