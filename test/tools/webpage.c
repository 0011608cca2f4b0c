// SPDX-License-Identifier: MIT
/* A web service of one page on loopback, for the demonstration: says its
 * port on the first line it prints, then serves whoever asks. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
listen_somewhere(unsigned *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0) {
		perror("webpage");
		return -1;
	}
	*port = ntohs(at.sin_port);
	return fd;
}

/* Reads up to the empty line that ends a request's head. */
static int
read_head(int fd)
{
	char head[4096];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(head) - 1) {
		n = read(fd, head + len, sizeof(head) - 1 - len);
		if (n <= 0)
			return -1;
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return 0;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	const char *page = argc > 1 ? argv[1] : "Hello.\n";
	unsigned port;
	int at, fd;

	at = listen_somewhere(&port);
	if (at < 0)
		return 1;
	printf("%u\n", port);
	fflush(stdout);
	while ((fd = accept(at, NULL, NULL)) >= 0) {
		if (read_head(fd) == 0)
			dprintf(fd, "HTTP/1.1 200 OK\r\n"
			    "Content-Type: text/plain\r\n"
			    "Content-Length: %zu\r\n"
			    "Connection: close\r\n\r\n%s",
			    strlen(page), page);
		close(fd);
	}
	perror("webpage");
	return 1;
}
