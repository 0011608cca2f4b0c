// SPDX-License-Identifier: MIT
#include "core/proxy_url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/text.h"

static const struct {
	const char *name;
	int port;
	enum proxy_url_kind kind;
} schemes[] = {
	{ "http", 80, PROXY_URL_HTTP },
	{ "socks5", 1080, PROXY_URL_SOCKS5 },
};

void
proxy_url_release(struct proxy_url *u)
{
	free(u->host);
	mem_free_secret(u->user);
	mem_free_secret(u->password);
	*u = (struct proxy_url){ 0 };
}

static int
fail(struct buf *why, const char *what)
{
	buf_puts(why, what);
	return ERR_PROTO;
}

/* With %xx undone, or NULL. */
static char *
unescape(const char *s, size_t n)
{
	char *text = mem_dupn(s, n), *to = text;
	uint8_t byte;

	for (; n > 0; s++, n--) {
		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		if (n < 3 || text_unhex(&byte, s + 1, 2) < 0 || byte == 0) {
			mem_free_secret(text);
			return NULL;
		}
		*to++ = (char)byte;
		s += 2;
		n -= 2;
	}
	*to = '\0';
	return text;
}

static int
parse_user(struct proxy_url *to, const char *s, size_t n, struct buf *why)
{
	const char *colon = memchr(s, ':', n);
	size_t len = colon ? (size_t)(colon - s) : n;

	to->user = unescape(s, len);
	to->password = colon ? unescape(colon + 1, n - len - 1) : mem_dup("");
	if (!to->user || !to->password)
		return fail(why, "bad %-escape in user or password");
	return 0;
}

static int
parse_port(struct proxy_url *to, const char *s, size_t n, struct buf *why)
{
	size_t i;
	int port = 0;

	for (i = 0; i < n && i < 5 && s[i] >= '0' && s[i] <= '9'; i++)
		port = port * 10 + s[i] - '0';
	if (i == 0 || i < n || port == 0 || port > 65535)
		return fail(why, "the port is no number from 1 to 65535");
	to->port = port;
	return 0;
}

static bool
is_host(const char *s, size_t n, const char *more)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char c = s[i] | 0x20;

		if ((c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') &&
		    (!s[i] || !strchr(more, s[i])))
			return false;
	}
	return n > 0;
}

static int
parse_host(struct proxy_url *to, const char *s, size_t n, struct buf *why)
{
	const char *end;
	size_t len;

	if (n > 0 && *s == '[') {
		end = memchr(s, ']', n);
		if (!end || !is_host(s + 1, (size_t)(end - s) - 1, ":.%-_"))
			return fail(why, "no address between brackets");
		len = (size_t)(end - s) + 1;
		to->host = mem_dupn(s + 1, len - 2);
	} else {
		end = memchr(s, ':', n);
		len = end ? (size_t)(end - s) : n;
		if (!is_host(s, len, "-._"))
			return fail(why, "there is no proper host");
		to->host = mem_dupn(s, len);
	}
	if (len == n)
		return 0;
	if (s[len] != ':')
		return fail(why, "no ':' behind the brackets");
	return parse_port(to, s + len + 1, n - len - 1, why);
}

static int
parse(struct proxy_url *to, const char *text, struct buf *why)
{
	const char *rest = strstr(text, "://"), *end, *at;
	size_t i, len;
	int r;

	if (!rest)
		return fail(why, "there is no scheme, as http:// or socks5://");
	len = (size_t)(rest - text);
	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i].name) == len &&
		    strncasecmp(schemes[i].name, text, len) == 0)
			break;
	if (i == sizeof(schemes) / sizeof(*schemes)) {
		buf_printf(why, "not supported yet: scheme '%.*s', only http "
		    "and socks5 are", (int)(len < 20 ? len : 20), text);
		return ERR_PROTO;
	}
	to->kind = schemes[i].kind;
	to->port = schemes[i].port;
	rest += 3;
	end = rest + strcspn(rest, "/?#");
	if (*end && strcmp(end, "/") != 0)
		return fail(why, "there is something behind the host");
	at = memrchr(rest, '@', (size_t)(end - rest));
	if (at) {
		r = parse_user(to, rest, (size_t)(at - rest), why);
		if (r < 0)
			return r;
		rest = at + 1;
	}
	return parse_host(to, rest, (size_t)(end - rest), why);
}

int
proxy_url_parse(struct proxy_url *to, const char *text, struct buf *why)
{
	int r;

	*to = (struct proxy_url){ 0 };
	r = parse(to, text, why);
	if (r < 0)
		proxy_url_release(to);
	return r;
}
