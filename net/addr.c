// SPDX-License-Identifier: MIT
#include "net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sockaddr_in *
v4(const struct addr *a)
{
	return (struct sockaddr_in *)(void *)&a->at;
}

static struct sockaddr_in6 *
v6(const struct addr *a)
{
	return (struct sockaddr_in6 *)(void *)&a->at;
}

static int
literal6(struct addr *a, const char *host, int port)
{
	char ip[INET6_ADDRSTRLEN + 1];
	const char *zone = strchr(host, '%');
	size_t n = zone ? (size_t)(zone - host) : strlen(host);

	if (n >= sizeof(ip))
		return -1;
	memcpy(ip, host, n);
	ip[n] = '\0';
	if (inet_pton(AF_INET6, ip, &v6(a)->sin6_addr) != 1)
		return -1;
	if (zone) {
		v6(a)->sin6_scope_id = if_nametoindex(zone + 1);
		if (!v6(a)->sin6_scope_id)
			v6(a)->sin6_scope_id =
			    (uint32_t)strtoul(zone + 1, NULL, 10);
	}
	v6(a)->sin6_family = AF_INET6;
	v6(a)->sin6_port = htons((uint16_t)port);
	a->len = sizeof(struct sockaddr_in6);
	return 0;
}

int
addr_literal(struct addr *a, const char *host, int port)
{
	char bare[128];
	size_t n = strlen(host);

	*a = (struct addr){ 0 };
	if (n > 2 && n < sizeof(bare) && host[0] == '[' &&
	    host[n - 1] == ']') {
		memcpy(bare, host + 1, n - 2);
		bare[n - 2] = '\0';
		return literal6(a, bare, port);
	}
	if (n == 0)
		host = "0.0.0.0";
	if (inet_pton(AF_INET, host, &v4(a)->sin_addr) != 1)
		return literal6(a, host, port);
	v4(a)->sin_family = AF_INET;
	v4(a)->sin_port = htons((uint16_t)port);
	a->len = sizeof(struct sockaddr_in);
	return 0;
}

/* A port in digits, from 1; -1 for anything else. */
static int
port_of(const char *text)
{
	int port = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		port = port * 10 + *text - '0';
		if (port > 65535)
			return -1;
	}
	return port ? port : -1;
}

int
addr_server(struct addr *a, const char *text, int port)
{
	char host[128];
	const char *colon;
	size_t n;

	if (!text || !*text)
		return -1;
	if (addr_literal(a, text, port) == 0)
		return 0;
	colon = strrchr(text, ':');
	n = colon ? (size_t)(colon - text) : 0;
	if (n == 0 || n >= sizeof(host) || (port = port_of(colon + 1)) < 0)
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	/* of two colons the last may be the address's own */
	if (strchr(host, ':') && host[0] != '[')
		return -1;
	return addr_literal(a, host, port);
}

void
addr_set_port(struct addr *a, int port)
{
	if (a->at.ss_family == AF_INET6)
		v6(a)->sin6_port = htons((uint16_t)port);
	else
		v4(a)->sin_port = htons((uint16_t)port);
}

int
addr_port(const struct addr *a)
{
	return ntohs(a->at.ss_family == AF_INET6 ? v6(a)->sin6_port :
						   v4(a)->sin_port);
}

const char *
addr_ip(const struct addr *a, char to[static ADDR_TEXT])
{
	const struct in6_addr *ip;

	to[0] = '\0';
	if (a->at.ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4(a)->sin_addr, to, ADDR_TEXT);
	} else if (a->at.ss_family == AF_INET6) {
		ip = &v6(a)->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(ip))
			inet_ntop(AF_INET, &ip->s6_addr[12], to, ADDR_TEXT);
		else
			inet_ntop(AF_INET6, ip, to, ADDR_TEXT);
	}
	return to;
}

const char *
addr_text(const struct addr *a, char to[static ADDR_TEXT])
{
	char ip[ADDR_TEXT];

	addr_ip(a, ip);
	snprintf(to, ADDR_TEXT, strchr(ip, ':') ? "[%.60s]:%d" : "%.60s:%d",
	    ip, addr_port(a));
	return to;
}

bool
addr_of_peer(struct addr *a, int fd)
{
	*a = (struct addr){ .len = sizeof(a->at) };
	return getpeername(fd, (struct sockaddr *)&a->at, &a->len) == 0;
}

bool
addr_of_self(struct addr *a, int fd)
{
	*a = (struct addr){ .len = sizeof(a->at) };
	return getsockname(fd, (struct sockaddr *)&a->at, &a->len) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->at;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->at;
	const uint8_t *p = six->sin6_addr.s6_addr;

	if (a->at.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return a->at.ss_family == AF_INET6 &&
	    (IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
	    (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && p[12] == 127));
}

bool
addr_same_ip(const struct addr *a, const struct addr *b)
{
	char x[ADDR_TEXT], y[ADDR_TEXT];

	return strcmp(addr_ip(a, x), addr_ip(b, y)) == 0;
}
