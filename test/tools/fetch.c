// SPDX-License-Identifier: MIT
/* fetch HOST PORT: asks for the page / and prints its body; fails unless the
 * answer is a 200 and whole.  HOST is an IPv4 address. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int
dial(const char *host, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	struct timeval late = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, host, &to.sin_addr) != 1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &late, sizeof(late));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return fd;
}

/* The body of a whole answer of status 200, or NULL. */
static const char *
body_of(const char *answer, size_t len)
{
	static const char want[] = "HTTP/1.1 200 ", length[] =
	    "\r\nContent-Length: ";
	const char *end = strstr(answer, "\r\n\r\n");
	const char *says = strstr(answer, length);

	if (strncmp(answer, want, sizeof(want) - 1) != 0 || !end || !says)
		return NULL;
	if (strtoul(says + sizeof(length) - 1, NULL, 10) !=
	    len - (size_t)(end + 4 - answer))
		return NULL;
	return end + 4;
}

int
main(int argc, char **argv)
{
	char answer[16384];
	const char *body;
	size_t len = 0;
	ssize_t n;
	int fd;

	if (argc != 3) {
		fputs("usage: fetch HOST PORT\n", stderr);
		return 2;
	}
	fd = dial(argv[1], argv[2]);
	if (fd < 0) {
		perror("fetch");
		return 1;
	}
	dprintf(fd, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", argv[1]);
	while (len < sizeof(answer) - 1 && (n = read(fd, answer + len,
	    sizeof(answer) - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	close(fd);
	body = body_of(answer, len);
	if (!body) {
		fprintf(stderr, "fetch: no whole page came, but %zu bytes\n",
		    len);
		return 1;
	}
	fputs(body, stdout);
	return 0;
}
