// SPDX-License-Identifier: MIT
#include "core/ranges.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A decimal number in n bytes, blanks around it allowed. */
static int
number(const char *p, size_t n, int *to, struct buf *why)
{
	const char *problem = NULL;
	bool minus = false;
	size_t i = 0;
	int v = 0;

	while (n && is_blank(*p))
		n--, p++;
	while (n && is_blank(p[n - 1]))
		n--;
	if (n && (*p == '-' || *p == '+'))
		minus = p[i++] == '-';
	if (i == n)
		problem = "invalid syntax";
	for (; i < n; i++) {
		int digit = p[i] - '0';

		if (digit < 0 || digit > 9) {
			problem = "invalid syntax";
			break;
		}
		if (!problem && (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, minus ? -digit : digit, &v)))
			problem = "value out of range";
	}
	*to = v;
	if (!problem)
		return 0;
	buf_printf(why, "range number is invalid, strconv.ParseInt: parsing "
	    "\"%.*s\": %s", (int)(n > 40 ? 40 : n), p, problem);
	return ERR_PROTO;
}

static int
item(struct ranges *r, const char *p, size_t n, struct buf *why)
{
	const char *dash = memchr(p, '-', n);
	size_t left = dash ? (size_t)(dash - p) : n;
	int first, last;

	if (number(p, left, &first, why) < 0)
		return ERR_PROTO;
	last = first;
	if (dash && memchr(dash + 1, '-', n - left - 1)) {
		buf_puts(why, "range number is invalid");
		return ERR_PROTO;
	}
	if (dash && number(dash + 1, n - left - 1, &last, why) < 0)
		return ERR_PROTO;
	if (last < first) {
		buf_puts(why, "range number is invalid");
		return ERR_PROTO;
	}
	ranges_add(r, first, last);
	return 0;
}

int
ranges_parse(struct ranges *r, const char *text, struct buf *why)
{
	size_t n;

	for (;; text += n + 1) {
		n = strcspn(text, ",");
		if (item(r, text, n, why) < 0) {
			ranges_release(r);
			return ERR_PROTO;
		}
		if (!text[n])
			return 0;
	}
}

void
ranges_add(struct ranges *r, int first, int last)
{
	r->v = mem_grow(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = (struct port_range){ first, last };
}

bool
ranges_has(const struct ranges *r, int n)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (n >= r->v[i].first && n <= r->v[i].last)
			return true;
	return false;
}

void
ranges_release(struct ranges *r)
{
	free(r->v);
	*r = (struct ranges){ 0 };
}
