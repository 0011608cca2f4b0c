// SPDX-License-Identifier: MIT
#include "core/ssh_target.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define PART_MAX 255

/* Neither what begins an option, nor what a shell or ssh would take for
 * something else. */
static bool
is_plain(const char *s, size_t n)
{
	size_t i;

	if (n == 0 || n > PART_MAX || *s == '-')
		return false;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == 0x7f || strchr("'\"\\%$`&;|<>()!,@[]/", c))
			return false;
	}
	return true;
}

/* Of at most five digits; 0: none. */
static int
read_port(const char *s)
{
	int v = 0, n;

	for (n = 0; s[n]; n++) {
		if (n == 5 || s[n] < '0' || s[n] > '9')
			return 0;
		v = v * 10 + s[n] - '0';
	}
	return v <= 65535 ? v : 0;
}

bool
ssh_target_parse(struct ssh_target *t, const char *text)
{
	const char *at = strrchr(text, '@'), *host = at ? at + 1 : text, *end;
	const char *colon = strrchr(host, ':');
	size_t user = at ? (size_t)(at - text) : 0;
	int port = 0;

	*t = (struct ssh_target){ 0 };
	if (*host == '[') {
		end = strchr(++host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
	} else {
		/* more than one: an address, which then has no port */
		if (colon && strchr(host, ':') != colon)
			colon = NULL;
		end = colon ? colon : host + strlen(host);
	}
	if (colon && (port = read_port(colon + 1)) == 0)
		return false;
	if ((at && !is_plain(text, user)) ||
	    !is_plain(host, (size_t)(end - host)))
		return false;
	t->user = at ? mem_dupn(text, user) : NULL;
	t->host = mem_dupn(host, (size_t)(end - host));
	t->port = port;
	return true;
}

void
ssh_target_release(struct ssh_target *t)
{
	free(t->user);
	free(t->host);
	*t = (struct ssh_target){ 0 };
}
