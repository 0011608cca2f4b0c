// SPDX-License-Identifier: MIT
#include "core/probe.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/err.h"

static const char *const asks[PROBE_WANTS] = {
	[PROBE_ECHO] = "culvert-bench 1 echo\n",
	[PROBE_SOURCE] = "culvert-bench 1 source\n",
	[PROBE_SINK] = "culvert-bench 1 sink\n",
};

const char *
probe_ask(enum probe_want want)
{
	return asks[want];
}

enum { NOT_YET = -1, NEVER = -2 };

/* One byte more: which of the lines it has become, or one of the above. */
static int
grown(struct probe_line *l, uint8_t byte, const char *const *lines, int count)
{
	int i, r = NEVER;

	if (l->n == sizeof(l->text))
		return NEVER;
	l->text[l->n++] = (char)byte;
	for (i = 0; i < count; i++) {
		size_t len = strlen(lines[i]);

		if (l->n > len || memcmp(lines[i], l->text, l->n) != 0)
			continue;
		if (l->n == len)
			return i;
		r = NOT_YET;
	}
	return r;
}

/* 1 and which, 0, or ERR_PROTO. */
static int
take_line(struct probe_line *l, const uint8_t **p, size_t *n,
    const char *const *lines, int count, int *which)
{
	int r;

	while (*n > 0) {
		r = grown(l, **p, lines, count);
		(*p)++;
		(*n)--;
		if (r >= 0) {
			*which = r;
			return 1;
		}
		if (r == NEVER)
			return ERR_PROTO;
	}
	return 0;
}

int
probe_asked(struct probe_line *l, const uint8_t **p, size_t *n,
    enum probe_want *want)
{
	int which, r = take_line(l, p, n, asks, PROBE_WANTS, &which);

	if (r == 1)
		*want = (enum probe_want)which;
	return r;
}

int
probe_greeted(struct probe_line *l, const uint8_t **p, size_t *n)
{
	static const char *const hello[] = { PROBE_HELLO };
	int which;

	return take_line(l, p, n, hello, 1, &which);
}

void
probe_put_report(uint8_t to[static PROBE_REPORT],
    const struct probe_report *r)
{
	put_be64(to, r->bytes);
	put_be64(to + 8, r->us);
}

int
probe_feed_reports(struct probe_reports *r, const uint8_t *p, size_t n)
{
	struct probe_report got;
	size_t part;

	for (; n > 0; p += part, n -= part) {
		part = min_size(n, PROBE_REPORT - r->n);
		memcpy(r->part + r->n, p, part);
		r->n += part;
		if (r->n < PROBE_REPORT)
			return 0;
		r->n = 0;
		got.bytes = be64(r->part);
		got.us = be64(r->part + 8);
		if (got.bytes < r->last.bytes || got.us < r->last.us)
			return ERR_PROTO;
		r->last = got;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t
probe_part(uint32_t *v, size_t n, double part)
{
	size_t at = (size_t)((double)n * part);

	if (n == 0)
		return 0;
	qsort(v, n, sizeof(*v), compare);
	return v[at < n ? at : n - 1];
}
