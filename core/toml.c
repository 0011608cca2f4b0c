// SPDX-License-Identifier: MIT
/* TOML 1.0: the lines of a document. */
#include "core/value.h"

#include "core/err.h"
#include "core/toml_read.h"

static int
header(struct toml *t, struct value *root, struct value **table)
{
	bool array = toml_at(t, "[[");
	struct toml_key k;
	int r;

	t->p += array ? 2 : 1;
	r = toml_key(t, &k);
	if (r == 0 && !toml_at(t, array ? "]]" : "]"))
		r = toml_fail(t, "'%s' is missing here", array ? "]]" : "]");
	if (r == 0) {
		*table = toml_header(t, root, &k, array);
		t->p += array ? 2 : 1;
		t->depth = (unsigned)k.n;
		r = *table ? toml_end_line(t) : ERR_PROTO;
	}
	toml_key_release(&k);
	return r;
}

static int
setting(struct toml *t, struct value *table)
{
	unsigned depth = t->depth;
	struct toml_key k;
	int r = toml_key(t, &k);

	if (r == 0 && !toml_take(t, '='))
		r = toml_fail(t, "'=' is missing here");
	if (r == 0) {
		toml_skip_blank(t);
		t->depth += (unsigned)k.n - 1;
		if (t->depth > VALUE_DEPTH)
			r = toml_fail(t, "nested too deep");
		else
			r = toml_set(t, table, &k, toml_value(t));
		t->depth = depth;
	}
	toml_key_release(&k);
	return r == 0 ? toml_end_line(t) : r;
}

struct value *
toml_parse(const char *text, size_t n, struct value_error *e)
{
	struct value *root = value_new(VALUE_TABLE, 1), *table = root;
	struct toml t = { .p = text, .end = text + n, .line_start = text,
		.line = 1, .error = e };
	int r;

	*e = (struct value_error){ 0 };
	if (n > VALUE_SIZE)
		r = toml_fail(&t, "the text is too long");
	else
		r = toml_check_bytes(&t);
	if (toml_at(&t, "\xef\xbb\xbf")) {
		t.p += 3;
		t.line_start = t.p;
	}
	for (;;) {
		toml_skip_lines(&t);
		if (r < 0 || t.p == t.end)
			break;
		r = *t.p == '[' ? header(&t, root, &table)
				: setting(&t, table);
	}
	if (r == 0)
		return root;
	value_free(root);
	return NULL;
}
