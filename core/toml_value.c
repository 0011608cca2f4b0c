// SPDX-License-Identifier: MIT
#include "core/toml_read.h"

#include <string.h>

#include "core/mem.h"

static struct value *
text_value(struct toml *t)
{
	struct value *v = value_new(VALUE_STR, t->line);
	struct buf b = { 0 };
	int r = toml_string(t, &b);

	v->textlen = buf_len(&b);
	v->text = mem_dupn((const char *)buf_peek(&b), v->textlen);
	buf_wipe(&b);
	if (r == 0)
		return v;
	value_free(v);
	return NULL;
}

static struct value *
array(struct toml *t)
{
	struct value *list = value_new(VALUE_LIST, t->line), *v;

	toml_close(list);
	t->p++;
	for (;;) {
		toml_skip_lines(t);
		if (toml_take(t, ']'))
			return list;
		v = toml_value(t);
		if (!v)
			break;
		value_add(list, v);
		toml_skip_lines(t);
		if (!toml_take(t, ',') && !toml_at(t, "]")) {
			toml_fail(t, "',' or ']' is missing here");
			break;
		}
	}
	value_free(list);
	return NULL;
}

static int
member(struct toml *t, struct value *table)
{
	struct toml_key k;
	int r = toml_key(t, &k);

	if (r == 0 && !toml_take(t, '='))
		r = toml_fail(t, "'=' is missing here");
	if (r == 0) {
		toml_skip_blank(t);
		t->depth += (unsigned)k.n - 1;
		r = toml_set(t, table, &k, toml_value(t));
		t->depth -= (unsigned)k.n - 1;
	}
	toml_key_release(&k);
	return r;
}

static struct value *
inline_table(struct toml *t)
{
	struct value *table = value_new(VALUE_TABLE, t->line);

	t->p++;
	toml_skip_blank(t);
	if (toml_take(t, '}'))
		goto done;
	do {
		if (member(t, table) < 0)
			goto failed;
		toml_skip_blank(t);
	} while (toml_take(t, ','));
	if (!toml_take(t, '}')) {
		toml_fail(t, "',' or '}' is missing here");
		goto failed;
	}
done:
	toml_close(table);
	return table;
failed:
	value_free(table);
	return NULL;
}

static struct value *
word_value(struct toml *t)
{
	const char *word = t->p, *p = word;
	struct value *v;

	while (p < t->end && !strchr(" \t\r\n,]}#=\"'", *p))
		p++;
	if (toml_is_time(word, (size_t)(p - word)))
		return toml_time(t);
	if ((p - word == 4 && memcmp(word, "true", 4) == 0) ||
	    (p - word == 5 && memcmp(word, "false", 5) == 0)) {
		v = value_new(VALUE_BOOL, t->line);
		v->boolean = *word == 't';
	} else {
		v = toml_number(t, word, (size_t)(p - word));
	}
	if (v)
		t->p = p;
	return v;
}

struct value *
toml_value(struct toml *t)
{
	struct value *v;

	if (t->p < t->end && (*t->p == '"' || *t->p == '\''))
		return text_value(t);
	if (t->p == t->end || (*t->p != '[' && *t->p != '{'))
		return word_value(t);
	if (t->depth >= VALUE_DEPTH) {
		toml_fail(t, "nested too deep");
		return NULL;
	}
	t->depth++;
	v = *t->p == '[' ? array(t) : inline_table(t);
	t->depth--;
	return v;
}
