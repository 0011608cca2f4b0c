// SPDX-License-Identifier: MIT
/* A letter, L, D or R, and a text a line.  What was taken says itself again in
 * the words that it was given in, and is read the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/forward_spec.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static void
again(const struct forward_spec *f)
{
	struct forward_specs s = { 0 };
	struct buf text = { 0 }, why = { 0 };
	struct forward_spec plain = *f;

	assert(f->port >= 0 && f->port <= 65535);
	assert(f->kind == FORWARD_DYNAMIC || (f->to > 0 && f->to <= 65535));
	assert(!f->udp || f->kind == FORWARD_LOCAL);
	plain.udp = false;
	forward_put_local(&text, &plain);
	if (f->kind != FORWARD_DYNAMIC) {
		buf_puts(&text, ":");
		forward_put_target(&text, &plain);
	}
	buf_puts(&text, f->udp ? "/udp" : "");
	assert(forward_specs_add(&s, f->kind, buf_text(&text), &why) == 0);
	assert(s.n == 1 && s.v[0].port == f->port && s.v[0].to == f->to);
	assert(s.v[0].udp == f->udp);
	assert(same(s.v[0].bind, f->bind ? f->bind :
	    f->kind == FORWARD_REMOTE ? NULL : "127.0.0.1"));
	if (f->kind != FORWARD_DYNAMIC)
		assert(same(s.v[0].host, f->host ? f->host : "localhost"));
	forward_specs_release(&s);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *all = mem_dupn((const char *)p, n), *rest = all, *line;
	struct forward_specs s = { 0 };
	struct buf why = { 0 };
	size_t i, before;
	int r;

	while ((line = strsep(&rest, "\n")) != NULL && *line) {
		before = s.n;
		r = forward_specs_add(&s, *line == 'L' ? FORWARD_LOCAL :
		    *line == 'D' ? FORWARD_DYNAMIC : FORWARD_REMOTE, line + 1,
		    &why);
		assert((r < 0) == (buf_len(&why) > 0));
		assert(r < 0 ? s.n == before : s.n > before);
		buf_take(&why, buf_len(&why));
	}
	assert(s.n <= FORWARDS_MAX);
	for (i = 0; i < s.n; i++)
		again(&s.v[i]);
	forward_specs_release(&s);
	buf_free(&why);
	free(all);
	return 0;
}
