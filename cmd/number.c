// SPDX-License-Identifier: MIT
#include "cmd/number.h"

#include <stdbool.h>
#include <string.h>

#include "cmd/opt.h"
#include "core/mem.h"

static int
refuse(struct buf *why, const char *text, const char *what)
{
	buf_puts(why, "strconv.ParseInt: parsing ");
	opt_quote(why, text);
	buf_printf(why, ": %s", what);
	return -1;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

static const char *
guess_base(const char *p, unsigned *base)
{
	*base = 10;
	if (*p != '0' || !p[1])
		return p;
	switch (p[1] | 0x20) {
	case 'x':
		*base = 16;
		return p + 2;
	case 'o':
		*base = 8;
		return p + 2;
	case 'b':
		*base = 2;
		return p + 2;
	}
	*base = 8;
	return p + 1;
}

int
number_int(const char *text, int64_t *to, struct buf *why)
{
	const char *p = text;
	bool minus = *p == '-', before, over = false;
	uint64_t sum = 0, most = (uint64_t)INT64_MAX + minus;
	unsigned base, d;

	if (*p == '-' || *p == '+')
		p++;
	if (!*p)
		return refuse(why, text, "invalid syntax");
	before = *p == '0' && p[1]; /* may '_' come next? after 0x it may */
	p = guess_base(p, &base);
	if (!*p)
		return refuse(why, text, "invalid syntax");
	for (; *p; p++) {
		if (*p == '_' && before && p[1] && p[1] != '_') {
			before = false;
			continue;
		}
		d = (unsigned)digit(*p);
		if (d >= base)
			return refuse(why, text, "invalid syntax");
		before = true;
		if (over || sum > (most - d) / base)
			over = true;
		else
			sum = sum * base + d;
	}
	if (over)
		return refuse(why, text, "value out of range");
	*to = minus ? (int64_t)(0 - sum) : (int64_t)sum;
	return 0;
}

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 },
	{ "\xce\xbcs", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * (int64_t)1000000000 },
	{ "h", 3600 * (int64_t)1000000000 },
};

/* One "1.5h": moves *p behind it. */
static int
duration_part(const char **p, double *sum, const char **unit, size_t *unitlen)
{
	double value = 0, place = 1;
	bool any = false;
	size_t i, n;

	for (; **p >= '0' && **p <= '9'; (*p)++, any = true)
		value = value * 10 + (**p - '0');
	if (**p == '.')
		for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, any = true)
			value += (**p - '0') * (place /= 10);
	if (!any)
		return -1;
	n = strcspn(*p, ".0123456789");
	*unit = *p;
	*unitlen = n;
	*p += n;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strlen(units[i].name) == n &&
		    memcmp(units[i].name, *unit, n) == 0) {
			*sum += value * (double)units[i].ns;
			return 0;
		}
	}
	return -2;
}

int
number_duration(const char *text, int64_t *nanoseconds, struct buf *why)
{
	const char *p = text + (*text == '-' || *text == '+'), *unit = NULL;
	size_t unitlen = 0;
	double sum = 0;
	int r = -1;

	if (strcmp(p, "0") == 0) {
		*nanoseconds = 0;
		return 0;
	}
	while (*p && (r = duration_part(&p, &sum, &unit, &unitlen)) == 0)
		continue;
	if (r == 0 && sum < 9.2e18) {
		*nanoseconds = (int64_t)(*text == '-' ? -sum : sum);
		return 0;
	}
	buf_puts(why, "time: ");
	if (r == -2 && unitlen) {
		char *name = mem_dupn(unit, unitlen);

		buf_puts(why, "unknown unit ");
		opt_quote(why, name);
		buf_puts(why, " in ");
		mem_free_secret(name);
	} else {
		buf_puts(why, r == -2 ? "missing unit in " : "invalid ");
	}
	buf_puts(why, "duration ");
	opt_quote(why, text);
	return -1;
}

/* A port without base prefix, blanks allowed around. */
static int
port(const char *text, size_t n, int *to, struct buf *why)
{
	char *copy;
	int64_t value = 0;
	size_t i;
	int r = 0;

	for (; n && *text == ' '; n--)
		text++;
	for (; n && text[n - 1] == ' '; n--)
		continue;
	copy = mem_dupn(text, n);
	for (i = 0; i < n && copy[i] >= '0' && copy[i] <= '9'; i++)
		if (value <= 65535)
			value = value * 10 + (copy[i] - '0');
	if (i < n || n == 0) {
		buf_puts(why, "range number is invalid, ");
		r = refuse(why, copy, "invalid syntax");
	} else if (value > 65535) {
		buf_puts(why, "range number is invalid");
		r = -1;
	}
	mem_free_secret(copy);
	*to = (int)value;
	return r;
}

int
number_range(const char *text, size_t n, int *first, int *last,
    struct buf *why)
{
	const char *dash = memchr(text, '-', n);
	size_t left = dash ? (size_t)(dash - text) : n;

	if (port(text, left, first, why) < 0)
		return -1;
	*last = *first;
	if (dash && port(dash + 1, n - left - 1, last, why) < 0)
		return -1;
	if (*last >= *first)
		return 0;
	buf_puts(why, "range number is invalid");
	return -1;
}

int
number_host_port(const char *text, char **host, int64_t *port)
{
	const char *colon = strrchr(text, ':'), *stop = strrchr(text, ']');
	size_t n = strlen(text);
	struct buf why = { 0 };

	if (!stop && colon && strchr(text, ':') != colon)
		colon = NULL; /* an address of its own */
	if (colon && colon > stop) {
		n = (size_t)(colon - text);
		if (number_int(colon + 1, port, &why) < 0 || *port < 1 ||
		    *port > 65535)
			n = 0;
		buf_free(&why);
	}
	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n == 0)
		return -1;
	mem_free_secret(*host);
	*host = mem_dupn(text, n);
	return 0;
}
