// SPDX-License-Identifier: MIT
/* A whole JSON document as a tree of values. */
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/value.h"

struct tree {
	struct json j;
	const char *counted; /* lines up to here are in line */
	unsigned line;
	struct value_error *e;
};

static void
count_lines(struct tree *t)
{
	for (; t->counted < t->j.p; t->counted++)
		t->line += *t->counted == '\n';
}

static void
fail(struct tree *t, const char *what)
{
	const char *p;

	count_lines(t);
	t->e->line = t->line;
	t->e->column = 1;
	for (p = t->j.p; p > t->j.start && p[-1] != '\n'; p--)
		t->e->column += ((uint8_t)p[-1] & 0xc0) != 0x80;
	snprintf(t->e->text, sizeof(t->e->text), "%s", what);
}

static int
next(struct tree *t, struct json_item *it)
{
	char text[40];
	int r = json_next(&t->j, it);

	if (r == 0) {
		count_lines(t);
		return 0;
	}
	if (r == ERR_LIMIT)
		fail(t, "nested too deep");
	else if (t->j.p == t->j.end)
		fail(t, "unexpected end of JSON input");
	else if (*t->j.p < ' ' || *t->j.p > '~')
		fail(t, "invalid character");
	else {
		snprintf(text, sizeof(text), "invalid JSON at '%c'", *t->j.p);
		fail(t, text);
	}
	return r;
}

static char *
text_of(const struct json_item *it, size_t *len)
{
	char *text = mem_zero(json_text(it, NULL) + 1);

	*len = json_text(it, text);
	return text;
}

static char *
key_of(const struct json_item *it)
{
	size_t len, i, at = 0;
	char *text = text_of(it, &len), *key = mem_zero(2 * len + 1);

	for (i = 0; i < len; i++) {
		if (!text[i])
			key[at++] = (char)0xc0;
		key[at++] = text[i] ? text[i] : (char)0x80;
	}
	free(text);
	return key;
}

static void
set_last(struct value *table, const char *key, struct value *taken)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (strcmp(table->keys[i], key) == 0) {
			value_free(table->list[i]);
			table->list[i] = taken;
			return;
		}
	value_set(table, key, taken);
}

static struct value *build(struct tree *t, const struct json_item *it);

static struct value *
build_table(struct tree *t)
{
	struct value *table = value_new(VALUE_TABLE, t->line), *v;
	struct json_item it;
	char *key;

	while (next(t, &it) == 0) {
		if (it.token == JSON_OBJ_END)
			return table;
		if (table->n == VALUE_KEYS) {
			fail(t, "too many members in one object");
			break;
		}
		key = key_of(&it);
		v = next(t, &it) == 0 ? build(t, &it) : NULL;
		if (v)
			set_last(table, key, v);
		free(key);
		if (!v)
			break;
	}
	value_free(table);
	return NULL;
}

static struct value *
build_list(struct tree *t)
{
	struct value *list = value_new(VALUE_LIST, t->line), *v;
	struct json_item it;

	while (next(t, &it) == 0) {
		if (it.token == JSON_ARR_END)
			return list;
		v = build(t, &it);
		if (!v)
			break;
		value_add(list, v);
	}
	value_free(list);
	return NULL;
}

static struct value *
build_real(struct tree *t, const struct json_item *it)
{
	struct value *v;

	if (isinf(it->real)) {
		fail(t, "the number is too large");
		return NULL;
	}
	v = value_new(VALUE_REAL, t->line);
	v->real = it->real;
	return v;
}

/* The value that begins with the item. */
static struct value *
build(struct tree *t, const struct json_item *it)
{
	struct value *v;

	switch (it->token) {
	case JSON_OBJ:
		return build_table(t);
	case JSON_ARR:
		return build_list(t);
	case JSON_STR:
		v = value_new(VALUE_STR, t->line);
		v->text = text_of(it, &v->textlen);
		return v;
	case JSON_INT:
		v = value_new(VALUE_INT, t->line);
		v->integer = it->integer;
		return v;
	case JSON_REAL:
		return build_real(t, it);
	case JSON_TRUE:
	case JSON_FALSE:
		v = value_new(VALUE_BOOL, t->line);
		v->boolean = it->token == JSON_TRUE;
		return v;
	default:
		return value_new(VALUE_NULL, t->line);
	}
}

struct value *
json_parse(const char *text, size_t n, struct value_error *e)
{
	struct tree t = { .line = 1, .e = e };
	struct json_item it;
	struct value *v = NULL;

	*e = (struct value_error){ 0 };
	json_init(&t.j, text, n);
	t.counted = t.j.start;
	if (n > VALUE_SIZE) {
		fail(&t, "the text is too long");
		return NULL;
	}
	if (next(&t, &it) == 0)
		v = build(&t, &it);
	if (v && next(&t, &it) < 0) {
		value_free(v);
		v = NULL;
	}
	return v;
}
