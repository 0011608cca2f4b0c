// SPDX-License-Identifier: MIT
/* What may have been meant by a key that there is not. */
#include "core/config_read.h"

#include <string.h>
#include <strings.h>

#define LONGEST 64

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Letters to add, drop or change to make one of the other. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1], n = strlen(a), m = strlen(b), i, j, left, up;

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (j = 0; j <= m; j++)
		row[j] = j;
	for (i = 1; i <= n; i++) {
		left = row[0];
		row[0] = i;
		for (j = 1; j <= m; j++) {
			up = row[j];
			row[j] = least(up + 1, row[j - 1] + 1,
			    left + (lower(a[i - 1]) != lower(b[j - 1])));
			left = up;
		}
	}
	return row[m];
}

static const char *
closest(const struct config_row *row, const char *path, size_t *best)
{
	const char *found = NULL;
	size_t d;

	for (; row && row->path; row++) {
		d = distance(path, row->path);
		if (d < *best) {
			*best = d;
			found = row->path;
		}
	}
	return found;
}

static bool
begins(const struct config_row *row, const char *key)
{
	size_t n = strlen(key);

	for (; row->path; row++)
		if (strncasecmp(row->path, key, n) == 0 &&
		    (!row->path[n] || row->path[n] == '.'))
			return true;
	return false;
}

void
config_hint(const struct config_reader *r, const char *path, struct buf *to)
{
	const char *last = strrchr(path, '.'), *found, *also;
	bool nested = last || r->top != r->rows;
	size_t best = 3;

	last = last ? last + 1 : path;
	if (nested && begins(r->top, last)) {
		buf_printf(to, " ('%s' belongs to the top of the file, before "
			       "the first line in [ ])", last);
		return;
	}
	if (strlen(last) < 4)
		best = 2;
	found = closest(r->rows, path, &best);
	also = closest(r->more, path, &best);
	found = also ? also : found;
	if (found)
		buf_printf(to, " (did you mean '%s'?)", found);
}
