// SPDX-License-Identifier: MIT
#include "net/lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOSTS_LINE 1024

void
lookup_add(struct lookup *q, const struct addr *a)
{
	if (q->n == RESOLVE_MAX)
		return;
	q->v[q->n] = *a;
	addr_set_port(&q->v[q->n++], q->port);
}

static bool
same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n && a[n - 1] == '.';
	m -= m && b[m - 1] == '.';
	return n == m && strncasecmp(a, b, n) == 0;
}

static void
take_line(struct lookup *q, char *line)
{
	static const char blank[] = " \t\r\n";
	char *rest = NULL, *word;
	struct addr a;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, blank, &rest);
	if (!word || addr_literal(&a, word, q->port) < 0)
		return;
	while ((word = strtok_r(NULL, blank, &rest)) != NULL)
		if (same_name(word, q->host)) {
			lookup_add(q, &a);
			break;
		}
}

void
lookup_hosts(struct lookup *q, const char *path)
{
	char line[HOSTS_LINE];
	struct addr a;
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		take_line(q, line);
	if (f)
		fclose(f);
	if (q->n == 0 && same_name("localhost", q->host) &&
	    addr_literal(&a, "127.0.0.1", q->port) == 0)
		lookup_add(q, &a);
}

static void
ask_system(struct lookup *q)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL, *i;
	int r = getaddrinfo(q->host, NULL, &hints, &list);
	struct addr a;

	for (i = list; r == 0 && i; i = i->ai_next) {
		if (i->ai_addrlen > sizeof(a.at))
			continue;
		memcpy(&a.at, i->ai_addr, i->ai_addrlen);
		a.len = i->ai_addrlen;
		lookup_add(q, &a);
	}
	if (list)
		freeaddrinfo(list);
	if (q->n == 0)
		snprintf(q->error, sizeof(q->error), "lookup %.200s: %s",
		    q->host,
		    r == 0 || r == EAI_NONAME ? "no such host" :
						gai_strerror(r));
}

/* Read by ourselves in any case: names there are the same whatever their case,
 * which not every C library knows. */
bool
lookup_here(struct lookup *q)
{
	lookup_hosts(q, "/etc/hosts");
	return q->n > 0;
}

void
lookup_there(struct lookup *q, const struct addr *server)
{
	if (server)
		lookup_dns(q, server);
	else
		ask_system(q);
}
