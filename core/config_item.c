// SPDX-License-Identifier: MIT
/* Proxies and visitors: lists of them, and the type that brings the rest of
 * the rows. */
#include "core/config_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"

static const struct config_type *
find_type(const struct config_item *item, const struct config_types *types,
    const char *name)
{
	const struct config_type *const *at = NULL;

	if (types && name)
		memcpy(&at, (const char *)types + item->types, sizeof(at));
	for (; at && *at; at++)
		if (strcmp((*at)->name, name) == 0)
			return *at;
	return NULL;
}

static const struct value *
type_of(const struct value *v)
{
	return v->type == VALUE_TABLE ? value_get_fold(v, "type") : NULL;
}

static int
read_item(struct config_reader *r, const struct config_item *item,
    const struct value *v)
{
	const struct value *type = type_of(v);
	const struct config_type *kind;

	if (v->type != VALUE_TABLE && v->type != VALUE_NULL)
		return config_type_error(r, v, item->key, "object");
	if (!type || type->type == VALUE_NULL)
		return config_fail(r, v, "type is required");
	if (type->type != VALUE_STR)
		return config_type_error(r, type, "type", "string");
	kind = find_type(item, r->from->types, type->text);
	if (kind) {
		r->more = kind->rows;
		config_set_defaults(kind->rows, r->to);
		return config_walk(r, v, "");
	}
	if (!config_is_choice(item->known, type->text))
		return config_fail(r, type, "unknown %s type: %.64s",
		    item->word, type->text);
	/* its own keys are not known here, the common ones are enough */
	config_problem(r->problems, "not supported yet: %s type '%s'",
	    item->word, type->text);
	return config_walk(r, v, "");
}

int
config_items(struct config_reader *r, const struct config_item *item,
    const struct value *list, struct proxies *to)
{
	struct config_source from = *r->from;
	struct config_reader sub = *r;
	size_t i;

	if (list->type != VALUE_LIST)
		return config_type_error(r, list, item->key, item->list);
	sub.name = item->name;
	sub.inside = item->inside;
	sub.rows = item->rows;
	sub.from = &from;
	for (i = 0; i < list->n; i++) {
		const struct value *type = type_of(list->list[i]);
		struct buf problems = { 0 };
		struct proxy_conf *p;
		int err;

		to->v = mem_grow(to->v, (to->n + 1) * sizeof(*to->v));
		p = &to->v[to->n++];
		*p = (struct proxy_conf){ 0 };
		config_set_defaults(item->rows, p);
		from.strict = r->from->strict && type &&
		    type->type == VALUE_STR &&
		    find_type(item, from.types, type->text);
		sub.to = p;
		sub.more = NULL;
		sub.problems = &problems;
		err = read_item(&sub, item, list->list[i]);
		p->problem = config_take_text(&problems);
		if (err < 0)
			return err;
	}
	return 0;
}

void
config_item_complete(const struct config_item *item, struct proxy_conf *p,
    const struct config_types *types)
{
	const struct config_type *kind = find_type(item, types, p->type);

	config_complete(item->rows, p);
	if (kind)
		config_complete(kind->rows, p);
}

int
config_item_check(const struct config_item *item, const struct proxy_conf *p,
    const struct config_types *types, struct buf *why)
{
	const struct config_type *kind = find_type(item, types, p->type);
	const char *type = p->type ? p->type : "", *wrong = NULL;
	struct buf text = { 0 };

	if (!p->name)
		wrong = item->nameless;
	else if (p->problem)
		wrong = p->problem;
	else
		item->check(p, &text);
	if (!wrong && buf_len(&text) == 0) {
		if (kind)
			config_check(kind->rows, p, &text);
		else if (config_is_choice(item->known, type))
			buf_printf(&text, "not supported yet: %s type '%s'",
			    item->word, type);
		else
			buf_printf(&text, "unknown %s type: %s", item->word,
			    type);
	}
	if (buf_len(&text))
		wrong = buf_text(&text);
	else if (!wrong && kind && kind->check)
		wrong = kind->check(p);
	if (wrong)
		buf_puts(why, wrong);
	buf_free(&text);
	return wrong ? ERR_PROTO : 0;
}

/* What a type's own rows may fill beside the common ones. */
static const struct config_row more[] = { CONFIG_SECRET_ROWS, { 0 } };

void
config_proxy_release(struct proxy_conf *p)
{
	config_release(config_proxy_rows(), p);
	config_release(config_visitor_rows(), p);
	config_release(more, p);
	free(p->problem);
	*p = (struct proxy_conf){ 0 };
}

void
config_items_release(struct proxies *list)
{
	while (list->n)
		config_proxy_release(&list->v[--list->n]);
	free(list->v);
	*list = (struct proxies){ 0 };
}
