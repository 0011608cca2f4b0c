// SPDX-License-Identifier: MIT
/* JSON to messages, as Go reads it: names match whatever their case, unknown
 * ones are passed over, null leaves the zero value, a wrong type fails the
 * whole message.
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

	free(list->v);
	*list = (struct strings){ 0 };
	while ((r = json_next(&d->json, &it)) == 0) {
		if (it.token == JSON_ARR_END)
			return 0;
		if (it.token != JSON_STR && it.token != JSON_NULL)
			return ERR_PROTO;
		list->v = mem_slot(list->v, list->n, &cap, sizeof(*list->v));
		if (it.token == JSON_NULL) {
			it.rawlen = 0;
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
	size_t cap = 0;
	int r;

	free(map->v);
	*map = (struct pairs){ 0 };
	while ((r = json_next(&d->json, &it)) == 0) {
		char *key;

		if (it.token == JSON_OBJ_END)
			return 0;
		key = take_text(d, &it);
		if ((r = json_next(&d->json, &it)) < 0)
			return r;
		if (it.token != JSON_STR && it.token != JSON_NULL)
			return ERR_PROTO;
		if (map->n * 2 + 1 >= cap) {
			cap = cap ? cap * 2 : 8;
			map->v = mem_grow(map->v, cap * sizeof(*map->v));
		}
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
	long n = text_unb64((uint8_t *)s, s, strlen(s));

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
	struct json_item it;
	size_t cap = 0;
	int r;

	free(list->v);
	*list = (struct msg_port_ranges){ 0 };
	while ((r = json_next(&d->json, &it)) == 0) {
		if (it.token == JSON_ARR_END)
			return 0;
		if (it.token != JSON_OBJ)
			return ERR_PROTO;
		list->v = mem_slot(list->v, list->n, &cap, sizeof(*list->v));
		list->v[list->n] = (struct msg_port_range){ 0 };
		if ((r = get_fields(d, range_fields, &list->v[list->n])) < 0)
			return r;
		list->n++;
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
	if (it.token == JSON_NULL)
		return 0;
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

/* What lists and maps took beside the text block. */
static void
free_lists(const struct field *f, void *base)
{
	for (; f->name; f++) {
		void *at = (char *)base + f->offset;

		if (f->kind == FIELD_STRS)
			free(((struct strings *)at)->v);
		else if (f->kind == FIELD_PAIRS)
			free(((struct pairs *)at)->v);
		else if (f->kind == FIELD_RANGES)
			free(((struct msg_port_ranges *)at)->v);
		else if (f->kind == FIELD_OBJ)
			free_lists(f->fields, at);
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
	return r;
}

void
msg_release(struct msg *m)
{
	if (!m->text)
		return;
	free_lists(msg_kinds[m->type].fields, &m->u);
	free(m->text);
	*m = (struct msg){ .type = m->type };
}
