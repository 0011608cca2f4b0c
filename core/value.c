// SPDX-License-Identifier: MIT
#include "core/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

struct value *
value_new(enum value_type type, unsigned line)
{
	struct value *v = mem_new(struct value);

	v->type = type;
	v->line = line;
	return v;
}

void
value_free(struct value *v)
{
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->n; i++) {
		value_free(v->list[i]);
		if (v->keys)
			free(v->keys[i]);
	}
	free(v->list);
	free(v->keys);
	if (v->text)
		mem_wipe(v->text, v->textlen); /* it may be a token */
	free(v->text);
	free(v);
}

struct value *
value_get(const struct value *table, const char *key)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (strcmp(table->keys[i], key) == 0)
			return table->list[i];
	return NULL;
}

struct value *
value_get_fold(const struct value *table, const char *key)
{
	struct value *exact = value_get(table, key);
	size_t i;

	for (i = 0; !exact && i < table->n; i++)
		if (strcasecmp(table->keys[i], key) == 0)
			return table->list[i];
	return exact;
}

static void
grow(struct value *v)
{
	if (v->n < v->cap)
		return;
	v->list = mem_slot(v->list, v->n, &v->cap, sizeof(*v->list));
	if (v->type == VALUE_TABLE)
		v->keys = mem_grow(v->keys, v->cap * sizeof(*v->keys));
}

void
value_add(struct value *list, struct value *taken)
{
	grow(list);
	list->list[list->n++] = taken;
}

void
value_set(struct value *table, const char *key, struct value *taken)
{
	grow(table);
	table->keys[table->n] = mem_dup(key);
	table->list[table->n++] = taken;
}

const char *
value_type_name(const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "bool";
	case VALUE_INT:
	case VALUE_REAL:
		return "number";
	case VALUE_STR:
		return "string";
	case VALUE_TIME:
		return "datetime";
	case VALUE_LIST:
		return "array";
	case VALUE_TABLE:
		break;
	}
	return "object";
}
