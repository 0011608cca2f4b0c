/* Socket addresses as text and back. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct addr {
	struct sockaddr_storage at;
	socklen_t len;
};

#define ADDR_TEXT 80

/* host must be an IP literal (brackets allowed); "" and "0.0.0.0" are any.
 * 0, or -1 when it is no literal. */
int addr_literal(struct addr *a, const char *host, int port);
/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53": port where
 * none is named.  0, or -1 for anything else, NULL and "" too. */
int addr_server(struct addr *a, const char *text, int port);
void addr_set_port(struct addr *a, int port);
int addr_port(const struct addr *a);
const char *addr_ip(const struct addr *a, char to[static ADDR_TEXT]);
/* "192.0.2.1:80", "[2001:db8::1]:80" */
const char *addr_text(const struct addr *a, char to[static ADDR_TEXT]);
bool addr_of_peer(struct addr *a, int fd);
bool addr_of_self(struct addr *a, int fd);
bool addr_is_loopback(const struct addr *a);
bool addr_same_ip(const struct addr *a, const struct addr *b);

#endif
