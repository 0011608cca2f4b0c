// SPDX-License-Identifier: MIT
/* JSON to messages, as Go reads it: names match whatever their case, unknown
 * ones are passed over, null leaves the zero value, a wrong type fails the
 * whole message.  A member that comes twice: the last text or number counts,
 * a list starts anew, maps and objects are merged.
 *
 * All texts go into one block: a text is never longer than its literal, and
 * the two quotes pay for the NUL. */
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/msg_fields.h"
#include "core/text.h"

struct decoder {
	struct json json;
	char *text; /* where the next text goes */
};

static int get_fields(struct decoder *d, const struct field *f, void *base);

/* What Go can set to nil becomes so, all else stays as it was.  Lists and maps
 * have memory beside the text block. */
static void
set_nil(const struct field *f, void *at)
{
	switch (f->kind) {
	case FIELD_STRS:
		free(((struct strings *)at)->v);
		*(struct strings *)at = (struct strings){ 0 };
		break;
	case FIELD_PAIRS:
		free(((struct pairs *)at)->v);
		*(struct pairs *)at = (struct pairs){ 0 };
		break;
	case FIELD_RANGES:
		free(((struct msg_port_ranges *)at)->v);
		*(struct msg_port_ranges *)at = (struct msg_port_ranges){ 0 };
		break;
	case FIELD_BYTES:
		*(struct msg_bytes *)at = (struct msg_bytes){ 0 };
		break;
	case FIELD_ADDR:
		*(struct msg_addr *)at = (struct msg_addr){ 0 };
		break;
	default:
		break;
	}
}

static char *
take_text(struct decoder *d, const struct json_item *it)
{
	char *s = d->text;
	size_t n = json_text(it, s);

	/* a NUL inside would hide what follows it: the text ends there, as
	 * everything that compares it will see */
	s[n] = '\0';
	d->text += n + 1;
	return s;
}

static int
expect(struct decoder *d, struct json_item *it, enum json_token want)
{
	int r = json_next(&d->json, it);

	if (r < 0)
		return r;
	return it->token == want ? 0 : ERR_PROTO;
}

static int
get_strings(struct decoder *d, struct strings *list)
{
	struct json_item it;
	size_t cap = 0;
	int r;

	list->n = 0;
	while ((r = json_next(&d->json, &it)) == 0) {
		if (it.token == JSON_ARR_END)
			return 0;
		if (it.token != JSON_STR && it.token != JSON_NULL)
			return ERR_PROTO;
		list->v = mem_slot(list->v, list->n, &cap, sizeof(*list->v));
		if (it.token == JSON_NULL) {
			*d->text = '\0';
			list->v[list->n++] = d->text++;
			continue;
		}
		list->v[list->n++] = take_text(d, &it);
	}
	return r;
}

static int
get_pairs(struct decoder *d, struct pairs *map)
{
	struct json_item it;
	size_t cap = map->n; /* at least */
	int r;

	while ((r = json_next(&d->json, &it)) == 0) {
		char *key;

		if (it.token == JSON_OBJ_END)
			return 0;
		key = take_text(d, &it);
		if ((r = json_next(&d->json, &it)) < 0)
			return r;
		if (it.token != JSON_STR && it.token != JSON_NULL)
			return ERR_PROTO;
		map->v = mem_slot(map->v, map->n, &cap, 2 * sizeof(*map->v));
		map->v[map->n * 2] = key;
		/* the key's own end serves as the empty text */
		map->v[map->n * 2 + 1] = it.token == JSON_STR ?
		    take_text(d, &it) :
		    key + strlen(key);
		map->n++;
	}
	return r;
}

static int
get_bytes(struct decoder *d, const struct json_item *it, struct msg_bytes *b)
{
	char *s = take_text(d, it);
	long n = text_unb64((uint8_t *)s, s, (size_t)(d->text - s) - 1);

	if (n < 0)
		return (int)n;
	b->p = (uint8_t *)s;
	b->n = (size_t)n;
	return 0;
}

static const struct field range_fields[] = {
	{ "from", FIELD_INT, offsetof(struct msg_port_range, from), NULL },
	{ "to", FIELD_INT, offsetof(struct msg_port_range, to), NULL },
	{ .name = NULL },
};

static int
get_ranges(struct decoder *d, struct msg_port_ranges *list)
{
	struct msg_port_range *at;
	struct json_item it;
	size_t cap = 0;
	int r;

	list->n = 0;
	while ((r = json_next(&d->json, &it)) == 0) {
		if (it.token == JSON_ARR_END)
			return 0;
		if (it.token != JSON_OBJ && it.token != JSON_NULL)
			return ERR_PROTO;
		list->v = mem_slot(list->v, list->n, &cap, sizeof(*list->v));
		at = &list->v[list->n++];
		*at = (struct msg_port_range){ 0 };
		if (it.token == JSON_OBJ &&
		    (r = get_fields(d, range_fields, at)) < 0)
			return r;
	}
	return r;
}

static int
get_bool(const struct json_item *it, bool *to)
{
	if (it->token != JSON_TRUE && it->token != JSON_FALSE)
		return ERR_PROTO;
	*to = it->token == JSON_TRUE;
	return 0;
}

static int
get_int(const struct json_item *it, bool port, int64_t *to)
{
	if (it->token != JSON_INT)
		return ERR_PROTO;
	if (port && (it->integer < 0 || it->integer > 65535))
		return ERR_PROTO;
	*to = it->integer;
	return 0;
}

static int
get_value(struct decoder *d, const struct field *f, void *at)
{
	static const enum json_token opens[] = {
		[FIELD_STR] = JSON_STR, [FIELD_BYTES] = JSON_STR,
		[FIELD_STRS] = JSON_ARR, [FIELD_RANGES] = JSON_ARR,
		[FIELD_PAIRS] = JSON_OBJ, [FIELD_ADDR] = JSON_OBJ,
		[FIELD_OBJ] = JSON_OBJ,
	};
	struct json_item it;
	int r = json_next(&d->json, &it);

	if (r < 0)
		return r;
	if (it.token == JSON_NULL) {
		set_nil(f, at);
		return 0;
	}
	if (f->kind == FIELD_BOOL)
		return get_bool(&it, at);
	if (f->kind == FIELD_INT || f->kind == FIELD_PORT)
		return get_int(&it, f->kind == FIELD_PORT, at);
	if (it.token != opens[f->kind])
		return ERR_PROTO;
	switch (f->kind) {
	case FIELD_STR:
		*(char **)at = take_text(d, &it);
		return 0;
	case FIELD_BYTES:
		return get_bytes(d, &it, at);
	case FIELD_STRS:
		return get_strings(d, at);
	case FIELD_PAIRS:
		return get_pairs(d, at);
	case FIELD_RANGES:
		return get_ranges(d, at);
	case FIELD_ADDR:
		((struct msg_addr *)at)->present = true;
		return get_fields(d, msg_addr_fields, at);
	default:
		return get_fields(d, f->fields, at);
	}
}

/* The members of an object whose opening brace was read. */
static int
get_fields(struct decoder *d, const struct field *fields, void *base)
{
	struct json_item it;
	const struct field *f;
	int r;

	while ((r = json_next(&d->json, &it)) == 0) {
		if (it.token == JSON_OBJ_END)
			return 0;
		for (f = fields; f->name && !json_is(&it, f->name); f++)
			;
		r = f->name ? get_value(d, f, (char *)base + f->offset) :
			      json_skip(&d->json);
		if (r < 0)
			return r;
	}
	return r;
}

/* By name; the same names in the order in which they came, as their places in
 * the text block tell. */
static int
by_name_and_age(const void *a, const void *b)
{
	char *const *one = a, *const *two = b;
	int r = strcmp(*one, *two);

	return r ? r : (*one > *two) - (*one < *two);
}

/* The last value of a name counts. */
static void
drop_doubles(struct pairs *map)
{
	size_t i, n = 0;

	if (map->n < 2)
		return;
	qsort(map->v, map->n, 2 * sizeof(*map->v), by_name_and_age);
	for (i = 0; i < map->n; i++) {
		if (i + 1 < map->n &&
		    strcmp(map->v[i * 2], map->v[i * 2 + 2]) == 0)
			continue;
		map->v[n * 2] = map->v[i * 2];
		map->v[n * 2 + 1] = map->v[i * 2 + 1];
		n++;
	}
	map->n = n;
}

/* Once, at the end, so that a map in many pieces is sorted only then. */
static void
finish(const struct field *f, void *base)
{
	for (; f->name; f++)
		if (f->kind == FIELD_PAIRS)
			drop_doubles((struct pairs *)(void *)((char *)base +
			    f->offset));
}

static void
free_all(const struct field *f, void *base)
{
	for (; f->name; f++) {
		void *at = (char *)base + f->offset;

		if (f->kind == FIELD_OBJ)
			free_all(f->fields, at);
		else
			set_nil(f, at);
	}
}

/* A byte that is no UTF-8 becomes the three of U+FFFD. */
static size_t
text_room(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] < 0x80; i++)
		;
	return i < n ? n * 3 + 1 : n + 1;
}

int
msg_decode(struct msg *m, enum msg_type type, const uint8_t *p, size_t n)
{
	struct json_item it;
	struct decoder d;
	int r;

	*m = (struct msg){ .type = type };
	/* an item of a list is three bytes, and its place doubled sixteen */
	m->weight = sizeof(*m) + text_room(p, n) + 6 * n;
	m->text = mem_zero(text_room(p, n));
	d.text = m->text;
	json_init(&d.json, (const char *)p, n);
	r = expect(&d, &it, JSON_OBJ);
	if (r == 0)
		r = get_fields(&d, msg_kinds[type].fields, &m->u);
	if (r == 0)
		r = expect(&d, &it, JSON_END);
	if (r < 0)
		msg_release(m);
	else
		finish(msg_kinds[type].fields, &m->u);
	return r;
}

void
msg_release(struct msg *m)
{
	if (!m->text)
		return;
	free_all(msg_kinds[m->type].fields, &m->u);
	free(m->text);
	*m = (struct msg){ .type = m->type };
}
