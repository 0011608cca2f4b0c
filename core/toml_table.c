// SPDX-License-Identifier: MIT
/* What may be defined where, and how often.  A table knows how it came to be:
 * in passing, on the way to another ([a.b] makes a); by a header of its own;
 * by dotted keys; or whole, between braces.  An array is one of headers
 * ([[a]]), which grows, or one of values, which does not. */
#include "core/toml_read.h"

#include "core/err.h"

enum {
	BY_PASSING,
	BY_HEADER,
	BY_DOTS,
	CLOSED,
};

void
toml_close(struct value *v)
{
	v->mark = CLOSED;
}

static int
again(struct toml *t, const struct toml_key *k, size_t upto, bool header,
    const struct value *v)
{
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i <= upto; i++)
		buf_printf(&b, "%s%s", i ? "." : "", k->part[i]);
	if (header)
		toml_fail(t, "cannot use '[%s]' again: it was defined on "
			     "line %u", buf_text(&b), v->line);
	else
		toml_fail(t, "cannot set '%s' again: it was defined on "
			     "line %u", buf_text(&b), v->line);
	buf_free(&b);
	return ERR_PROTO;
}

static int
add(struct toml *t, struct value *table, const char *key, struct value *taken)
{
	if (table->n >= VALUE_KEYS) {
		value_free(taken);
		return toml_fail(t, "too many keys in one table");
	}
	value_set(table, key, taken);
	return 0;
}

/* The table that part i of a header names, made if it is not there; in an
 * array of tables, the last one. */
static struct value *
pass(struct toml *t, struct value *at, const struct toml_key *k, size_t i)
{
	struct value *v = value_get(at, k->part[i]);

	if (!v) {
		v = value_new(VALUE_TABLE, k->line);
		return add(t, at, k->part[i], v) < 0 ? NULL : v;
	}
	if (v->mark == CLOSED ||
	    (v->type != VALUE_TABLE && v->type != VALUE_LIST)) {
		again(t, k, i, true, v);
		return NULL;
	}
	return v->type == VALUE_LIST ? v->list[v->n - 1] : v;
}

static struct value *
header_table(struct toml *t, struct value *at, const struct toml_key *k)
{
	const char *name = k->part[k->n - 1];
	struct value *v = value_get(at, name);

	if (v && (v->type != VALUE_TABLE || v->mark != BY_PASSING)) {
		again(t, k, k->n - 1, true, v);
		return NULL;
	}
	if (!v) {
		v = value_new(VALUE_TABLE, k->line);
		if (add(t, at, name, v) < 0)
			return NULL;
	}
	v->mark = BY_HEADER;
	v->line = k->line;
	return v;
}

static struct value *
header_array(struct toml *t, struct value *at, const struct toml_key *k)
{
	const char *name = k->part[k->n - 1];
	struct value *list = value_get(at, name), *v;

	if (list && (list->type != VALUE_LIST || list->mark == CLOSED)) {
		again(t, k, k->n - 1, true, list);
		return NULL;
	}
	if (!list) {
		list = value_new(VALUE_LIST, k->line);
		if (add(t, at, name, list) < 0)
			return NULL;
	}
	v = value_new(VALUE_TABLE, k->line);
	v->mark = BY_HEADER;
	value_add(list, v);
	return v;
}

struct value *
toml_header(struct toml *t, struct value *root, const struct toml_key *k,
    bool array)
{
	struct value *at = root;
	size_t i;

	for (i = 0; i + 1 < k->n; i++) {
		at = pass(t, at, k, i);
		if (!at)
			return NULL;
	}
	return array ? header_array(t, at, k) : header_table(t, at, k);
}

/* Dotted keys may add to what dotted keys, or nothing but a header in
 * passing, have made; a table with a header of its own takes no more. */
static struct value *
descend(struct toml *t, struct value *at, const struct toml_key *k, size_t i)
{
	struct value *v = value_get(at, k->part[i]);

	if (!v) {
		v = value_new(VALUE_TABLE, k->line);
		if (add(t, at, k->part[i], v) < 0)
			return NULL;
	} else if (v->type != VALUE_TABLE || v->mark == CLOSED ||
	    v->mark == BY_HEADER) {
		again(t, k, i, false, v);
		return NULL;
	}
	v->mark = BY_DOTS;
	return v;
}

int
toml_set(struct toml *t, struct value *table, const struct toml_key *k,
    struct value *taken)
{
	const char *name = k->part[k->n - 1];
	struct value *there;
	size_t i;

	for (i = 0; taken && table && i + 1 < k->n; i++)
		table = descend(t, table, k, i);
	there = taken && table ? value_get(table, name) : NULL;
	if (there)
		again(t, k, k->n - 1, false, there);
	if (!taken || !table || there) {
		value_free(taken);
		return ERR_PROTO;
	}
	return add(t, table, name, taken);
}
