// SPDX-License-Identifier: MIT
/* A and AAAA are asked for side by side, each try from a socket and with an id
 * of its own, so that a forger has both to guess.  A try's time is short: what
 * is lost on the way is asked for again. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/dns.h"
#include "core/mem.h"
#include "crypto/rand.h"
#include "net/loop.h"
#include "net/lookup.h"

#define TRIES  3
#define TRY_MS 2000

struct question {
	enum dns_type type;
	int fd;
	uint8_t query[DNS_QUERY_MAX];
	size_t len;
	enum dns_status status; /* DNS_IGNORE: nothing was heard */
	int error;		/* errno of the last try, or 0 */
	struct dns_found found;
};

static int
wait_for(int fd, short what, uint64_t end)
{
	struct pollfd p = { .fd = fd, .events = what };
	uint64_t now;
	int r;

	do {
		now = loop_now(NULL);
		r = poll(&p, 1, now < end ? (int)(end - now) : 0);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		errno = ETIMEDOUT;
	return r > 0 ? 0 : -1;
}

static int
open_to(const struct addr *server, int type)
{
	int fd = socket(server->at.ss_family,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&server->at, server->len) < 0 &&
	    errno != EINPROGRESS) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Reads or writes all of n bytes before end. */
static int
move_all(int fd, uint8_t *p, size_t n, bool out, uint64_t end)
{
	ssize_t r;

	while (n) {
		if (wait_for(fd, out ? POLLOUT : POLLIN, end) < 0)
			return -1;
		r = out ? send(fd, p, n, MSG_NOSIGNAL) : recv(fd, p, n, 0);
		if (r == 0)
			errno = ECONNRESET;
		if (r == 0 || (r < 0 && errno != EAGAIN && errno != EINTR))
			return -1;
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

static void
ask_by_tcp(struct question *a, const struct addr *server)
{
	uint64_t end = loop_now(NULL) + TRY_MS;
	uint8_t head[2 + DNS_QUERY_MAX], *answer = NULL;
	size_t n;
	int fd = open_to(server, SOCK_STREAM);

	put_be16(head, (uint16_t)a->len);
	memcpy(head + 2, a->query, a->len);
	a->status = DNS_IGNORE;
	if (fd >= 0 && move_all(fd, head, a->len + 2, true, end) == 0 &&
	    move_all(fd, head, 2, false, end) == 0) {
		n = be16(head);
		answer = mem_grow(NULL, n + 1);
		if (move_all(fd, answer, n, false, end) == 0)
			a->status = dns_answer(answer, n, a->query, a->len,
			    &a->found);
		if (a->status == DNS_TRUNCATED)
			a->status = DNS_FAILED;
	}
	a->error = a->status == DNS_IGNORE ? errno : 0;
	free(answer);
	if (fd >= 0)
		close(fd);
}

static bool
answered(const struct question *a)
{
	return a->status == DNS_FOUND || a->status == DNS_NONE;
}

static void
ask(struct question *a, const char *host, const struct addr *server)
{
	uint8_t id[2];

	rand_bytes(id, sizeof(id));
	a->len = dns_query(a->query, host, a->type, be16(id));
	a->status = DNS_IGNORE;
	a->error = ETIMEDOUT;
	a->fd = open_to(server, SOCK_DGRAM);
	if (a->fd >= 0 && send(a->fd, a->query, a->len, MSG_NOSIGNAL) >= 0)
		return;
	a->error = errno;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

/* One datagram; the socket is closed when it was the answer or an error. */
static void
hear(struct question *a, const struct addr *server)
{
	uint8_t answer[DNS_UDP_MAX];
	ssize_t n = recv(a->fd, answer, sizeof(answer), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		a->error = errno;
	else
		a->status = dns_answer(answer, (size_t)n, a->query, a->len,
		    &a->found);
	if (n >= 0 && a->status == DNS_IGNORE)
		return;
	close(a->fd);
	a->fd = -1;
	if (a->status == DNS_TRUNCATED)
		ask_by_tcp(a, server);
}

/* One try: until both are answered or its time is over. */
static void
try_once(struct question v[2], const char *host, const struct addr *server)
{
	uint64_t end = loop_now(NULL) + TRY_MS, now;
	struct pollfd p[2];
	int i;

	for (i = 0; i < 2; i++)
		if (!answered(&v[i]))
			ask(&v[i], host, server);
	while ((now = loop_now(NULL)) < end && (v[0].fd >= 0 || v[1].fd >= 0)) {
		for (i = 0; i < 2; i++)
			p[i] = (struct pollfd){ .fd = v[i].fd,
				.events = POLLIN };
		if (poll(p, 2, (int)(end - now)) <= 0)
			continue;
		for (i = 0; i < 2; i++)
			if (p[i].revents)
				hear(&v[i], server);
	}
	for (i = 0; i < 2; i++) {
		if (v[i].fd >= 0)
			close(v[i].fd);
		v[i].fd = -1;
	}
}

static void
take(struct lookup *q, const struct question *a)
{
	struct addr to = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&to.at;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&to.at;
	size_t i;

	if (a->status != DNS_FOUND)
		return;
	for (i = 0; i < a->found.n; i++) {
		if (a->type == DNS_A) {
			in->sin_family = AF_INET;
			memcpy(&in->sin_addr, a->found.ip[i], 4);
			to.len = sizeof(*in);
		} else {
			in6->sin6_family = AF_INET6;
			memcpy(&in6->sin6_addr, a->found.ip[i], 16);
			to.len = sizeof(*in6);
		}
		lookup_add(q, &to);
	}
}

static const char *
why_not(const struct question v[2])
{
	const struct question *bad = answered(&v[0]) ? &v[1] : &v[0];

	if (answered(bad))
		return "no such host";
	if (bad->status == DNS_FAILED)
		return "server misbehaving";
	if (bad->error == ETIMEDOUT)
		return "i/o timeout";
	return bad->error == ECONNREFUSED ? "connection refused" :
					    strerror(bad->error);
}

void
lookup_dns(struct lookup *q, const struct addr *server)
{
	/* the older kind first: it is the one that works everywhere */
	struct question v[2] = { { .type = DNS_A, .fd = -1 },
		{ .type = DNS_AAAA, .fd = -1 } };
	uint8_t probe[DNS_QUERY_MAX];
	const char *why = "no such host";
	char at[ADDR_TEXT];
	int i;

	if (dns_query(probe, q->host, DNS_A, 0)) {
		/* with one kind in hand the other is not asked for again */
		for (i = 0; i < TRIES && !(answered(&v[0]) && answered(&v[1])) &&
		     v[0].status != DNS_FOUND && v[1].status != DNS_FOUND; i++)
			try_once(v, q->host, server);
		take(q, &v[0]);
		take(q, &v[1]);
		why = why_not(v);
	}
	if (q->n == 0)
		snprintf(q->error, sizeof(q->error), "lookup %.200s on %s: %s",
		    q->host, addr_text(server, at), why);
}
