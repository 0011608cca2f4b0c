// SPDX-License-Identifier: MIT
/* What either end of a bench may be told, whole and in pieces: the same end,
 * and the same bytes left over. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct end {
	int line, reports;
	enum probe_want want;
	size_t left;
	struct probe_report last;
};

static struct end
drive(const uint8_t *data, size_t n, size_t piece, int side)
{
	struct end e = { 0 };
	struct probe_line l = { 0 };
	struct probe_reports r = { 0 };
	const uint8_t *p;
	uint8_t *copy;
	size_t part, at, left;

	for (at = 0; at < n && e.line >= 0 && e.reports == 0; at += part) {
		part = n - at < piece ? n - at : piece;
		copy = malloc(part);
		memcpy(copy, data + at, part);
		p = copy;
		left = part;
		if (e.line == 0)
			e.line = side ? probe_asked(&l, &p, &left, &e.want) :
			    probe_greeted(&l, &p, &left);
		assert(e.line != 0 || left == 0);
		if (e.line == 1) {
			e.left += left;
			e.reports = probe_feed_reports(&r, p, left);
		}
		free(copy);
	}
	e.last = r.last;
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct end one, other;

	if (n < 2)
		return 0;
	one = drive(data + 1, n - 1, n, data[0] & 1);
	other = drive(data + 1, n - 1, 1 + (data[0] >> 1) % 20, data[0] & 1);
	assert(one.line == other.line && one.want == other.want);
	assert(one.reports == other.reports);
	assert(one.last.bytes == other.last.bytes);
	assert(one.last.us == other.last.us);
	if (one.line == 1 && one.reports == 0)
		assert(one.left == other.left);
	return 0;
}
