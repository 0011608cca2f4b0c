// SPDX-License-Identifier: MIT
/* TLS of ours over blocking sockets, to be joined with peers of others:
 *   tlspipe server PORT [CERT KEY [CA]]          echoes, session by session
 *   tlspipe client HOST PORT [NAME|-] [CA|-] [PIN|-] [CERT KEY]
 *                                                joins stdin and stdout
 * PORT 0 asks the kernel.  What happened is said on stderr. */
#include "crypto/rand.h"
#include "crypto/tls.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint8_t wire[65536], plain[65536];

static void
die(const char *why)
{
	fprintf(stderr, "tlspipe: %s\n", why);
	exit(1);
}

static char *
slurp(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	if (!f || !text)
		die(path);
	if (fread(text, 1, 65535, f) == 0)
		die(path);
	fclose(f);
	return text;
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t r;

	for (; n > 0; n -= (size_t)r, p += r) {
		r = send(fd, p, n, MSG_NOSIGNAL);
		if (r < 0)
			r = write(fd, p, n);
		if (r <= 0)
			return false;
	}
	return true;
}

static void
flush(struct tls *t, int fd)
{
	const uint8_t *p;
	size_t n;

	p = tls_output(t, &n);
	if (n > 0) {
		write_all(fd, p, n);
		tls_output_ack(t, n);
	}
}

static void
send_text(struct tls *t, int fd, const uint8_t *p, size_t n)
{
	uint8_t *to = malloc(tls_seal_room(n) + 1);

	write_all(fd, to, tls_seal(t, to, p, n));
	free(to);
}

static void
close_tls(struct tls *t, int fd)
{
	uint8_t last[TLS_CLOSE_ROOM];

	write_all(fd, last, tls_seal_close(t, last));
	shutdown(fd, SHUT_WR);
}

/* Reads the socket once; what came goes to out.  False at the end. */
static bool
receive(struct tls *t, int fd, int out, bool echo)
{
	const uint8_t *p;
	size_t n;
	ssize_t got;
	int r;

	got = read(fd, wire, sizeof(wire));
	if (got <= 0) {
		fprintf(stderr, "end: %s\n", tls_truncated(t) ?
		    "truncated" : "without close_notify");
		return false;
	}
	tls_feed(t, wire, (size_t)got);
	while ((r = tls_next(t, &p, &n)) > 0) {
		flush(t, fd);
		if (echo)
			send_text(t, fd, p, n);
		else
			write_all(out, p, n);
	}
	flush(t, fd);
	if (r < 0)
		fprintf(stderr, "end: %s\n", tls_why(t));
	return r == 0;
}

static void
say_ready(const struct tls *t)
{
	fprintf(stderr, "ready: suite %s resumed %d pin %s\n", tls_suite(t),
	    tls_resumed(t), tls_peer_pin(t) ? tls_peer_pin(t) : "-");
}

static struct tls *
start(struct tls_conf *c, const char *name, int fd)
{
	uint8_t seed[32];
	struct tls *t;

	rand_bytes(seed, sizeof(seed));
	t = tls_new(c, name, (int64_t)time(NULL), seed);
	flush(t, fd);
	return t;
}

static void
serve(struct tls_conf *c, int fd)
{
	struct tls *t = start(c, NULL, fd);
	bool said = false;

	while (receive(t, fd, -1, true)) {
		if (!said && tls_ready(t))
			say_ready(t);
		said = tls_ready(t);
	}
	if (!said && tls_ready(t))
		say_ready(t);
	close_tls(t, fd);
	tls_free(t);
	close(fd);
}

static int
relay(struct tls_conf *c, const char *name, int fd)
{
	struct pollfd v[2] = { { fd, POLLIN, 0 }, { 0, POLLIN, 0 } };
	struct tls *t = start(c, name, fd);
	bool good = true;
	ssize_t n;

	while (!tls_ready(t) && good)
		good = receive(t, fd, 1, false);
	if (good)
		say_ready(t);
	while (good && poll(v, 2, -1) > 0) {
		if (v[0].revents)
			good = receive(t, fd, 1, false);
		if (!good || !v[1].revents)
			continue;
		n = read(0, plain, sizeof(plain));
		if (n > 0) {
			send_text(t, fd, plain, (size_t)n);
		} else {
			close_tls(t, fd);
			v[1].fd = -1;
		}
	}
	good = tls_ready(t);
	tls_free(t);
	return good ? 0 : 1;
}

static struct tls_conf *
conf(enum tls_side side, const struct tls_setup *s)
{
	uint8_t seed[32];
	char why[256];
	struct tls_conf *c;

	rand_bytes(seed, sizeof(seed));
	c = tls_conf_new(side, s, (int64_t)time(NULL), seed, why, sizeof(why));
	if (!c)
		die(why);
	return c;
}

static int
server(int argc, char **argv)
{
	struct tls_setup s = { 0 };
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	struct tls_conf *c;
	int l, fd, yes = 1;

	if (argc > 4) {
		s.cert = slurp(argv[3]);
		s.key = slurp(argv[4]);
	}
	if (argc > 5)
		s.ca = slurp(argv[5]);
	c = conf(TLS_SERVER, &s);
	at.sin_port = htons((uint16_t)atoi(argv[2]));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(l, (void *)&at, sizeof(at)) < 0 || listen(l, 16) < 0 ||
	    getsockname(l, (void *)&at, &len) < 0)
		die("cannot listen");
	fprintf(stderr, "own %s\nlistening on 127.0.0.1:%u\n", tls_conf_pin(c),
	    ntohs(at.sin_port));
	while ((fd = accept(l, NULL, NULL)) >= 0)
		serve(c, fd);
	return 1;
}

static char *
optional(int argc, char **argv, int i)
{
	return argc > i && strcmp(argv[i], "-") != 0 ? argv[i] : NULL;
}

static int
client(int argc, char **argv)
{
	struct tls_setup s = { 0 };
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM }, *at;
	int fd;

	if (optional(argc, argv, 5))
		s.ca = slurp(argv[5]);
	s.pin = optional(argc, argv, 6);
	if (argc > 8) {
		s.cert = slurp(argv[7]);
		s.key = slurp(argv[8]);
	}
	if (getaddrinfo(argv[2], argv[3], &hint, &at) != 0)
		die("cannot resolve");
	fd = socket(at->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, at->ai_addr, at->ai_addrlen) < 0)
		die("cannot connect");
	return relay(conf(TLS_CLIENT, &s), optional(argc, argv, 4), fd);
}

int
main(int argc, char **argv)
{
	setvbuf(stderr, NULL, _IOLBF, 0);
	if (argc > 2 && strcmp(argv[1], "server") == 0)
		return server(argc, argv);
	if (argc > 3 && strcmp(argv[1], "client") == 0)
		return client(argc, argv);
	die("server PORT [CERT KEY [CA]] | "
	    "client HOST PORT [NAME|-] [CA|-] [PIN|-] [CERT KEY]");
	return 2;
}
