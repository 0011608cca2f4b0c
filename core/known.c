// SPDX-License-Identifier: MIT
#include "core/known.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "crypto/pins.h"

/* Of a host; '%' leads a scope. */
static bool
is_of_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._-:%", c));
}

int
known_put_name(struct buf *to, const char *host, int port)
{
	char *name = mem_dup(host), *p;
	int r = *name ? 0 : -1;

	for (p = name; *p; p++) {
		if (!is_of_name(*p))
			r = -1;
		*p = (char)tolower((unsigned char)*p);
	}
	if (p > name + 1 && p[-1] == '.') /* the same one */
		p[-1] = '\0';
	if (r == 0)
		buf_printf(to, strchr(name, ':') ? "[%s]:%d" : "%s:%d", name,
		    port);
	mem_free_secret(name);
	return r;
}

/* "host:7000" or "[fd00::1]:7000", of n bytes. */
static bool
is_name(const char *p, size_t n)
{
	size_t digits = 0, i;

	while (digits < n && isdigit((unsigned char)p[n - 1 - digits]))
		digits++;
	if (digits == 0 || digits > 5 || n < digits + 2 ||
	    p[n - digits - 1] != ':')
		return false;
	n -= digits + 1;
	if (n > 2 && p[0] == '[' && p[n - 1] == ']') {
		p++;
		n -= 2;
	}
	for (i = 0; i < n && is_of_name(p[i]); i++)
		continue;
	return i == n;
}

static void
add(struct known *k, const char *pin, size_t line)
{
	if (k->n++) {
		buf_puts(&k->pins, ",");
		buf_puts(&k->lines, " and ");
	}
	buf_puts(&k->pins, pin);
	buf_printf(&k->lines, "%zu", line);
}

/* false: it is damaged, and may be of this name. */
static bool
take(struct known *k, const char *p, size_t n, const char *name, size_t line)
{
	const char *blank = memchr(p, ' ', n);
	size_t len = blank ? (size_t)(blank - p) : n;
	bool ours = len == strlen(name) && strncasecmp(p, name, len) == 0;
	char pin[PINS_SIZE];
	struct pins all;

	if (n == 0 || *p == '#')
		return true;
	if (!ours)
		return is_name(p, len);
	if (n - len != PINS_SIZE)
		return false;
	memcpy(pin, p + len + 1, PINS_SIZE - 1);
	pin[PINS_SIZE - 1] = '\0';
	if (pins_read(&all, pin) || k->n == PINS_MAX)
		return false;
	pins_put(pin, all.v[0]); /* whatever case it was written in */
	add(k, pin, line);
	return true;
}

void
known_find(struct known *to, const char *text, size_t n, const char *name)
{
	size_t line = 0, len;
	const char *end;

	*to = (struct known){ 0 };
	while (n) {
		end = memchr(text, '\n', n);
		len = end ? (size_t)(end - text) : n;
		line++;
		if (!take(to, text, len, name, line) && !to->bad)
			to->bad = line;
		text += end ? len + 1 : len;
		n -= end ? len + 1 : len;
	}
}

void
known_release(struct known *k)
{
	buf_free(&k->pins);
	buf_free(&k->lines);
}

void
known_add(struct buf *text, const char *name, const char *pin)
{
	size_t n = buf_len(text);

	if (n && buf_peek(text)[n - 1] != '\n')
		buf_puts(text, "\n");
	buf_printf(text, "%s %s\n", name, pin);
}
