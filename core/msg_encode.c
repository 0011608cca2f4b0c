// SPDX-License-Identifier: MIT
/* Messages to JSON: members in table order, empty ones left out. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/msg_fields.h"
#include "core/text.h"

static void put_fields(struct buf *to, const struct field *f, const void *base,
    bool whole);

static void
put_text(struct buf *to, const char *s)
{
	json_put_str(to, s ? s : "", s ? strlen(s) : 0);
}

static void
put_strings(struct buf *to, const struct strings *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		buf_puts(to, i ? "," : "[");
		put_text(to, list->v[i]);
	}
	buf_puts(to, "]");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Go writes maps sorted by key; ours may come in any order. */
static void
put_pairs(struct buf *to, const struct pairs *map)
{
	struct { char *key, *value; } *rows;
	size_t i;

	rows = mem_grow(NULL, map->n * sizeof(*rows));
	memcpy(rows, map->v, map->n * sizeof(*rows));
	qsort(rows, map->n, sizeof(*rows), by_name);
	for (i = 0; i < map->n; i++) {
		buf_puts(to, i ? "," : "{");
		put_text(to, rows[i].key);
		buf_puts(to, ":");
		put_text(to, rows[i].value);
	}
	buf_puts(to, "}");
	free(rows);
}

static void
put_bytes(struct buf *to, const struct msg_bytes *b)
{
	size_t len = TEXT_B64_LEN(b->n);

	buf_puts(to, "\"");
	text_b64((char *)buf_room(to, len + 1), b->p, b->n);
	buf_added(to, len);
	buf_puts(to, "\"");
}

static void
put_ranges(struct buf *to, const struct msg_port_ranges *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		buf_puts(to, i ? ",{" : "[{");
		if (r->v[i].from)
			buf_printf(to, "\"from\":%" PRId64, r->v[i].from);
		if (r->v[i].to)
			buf_printf(to, "%s\"to\":%" PRId64,
			    r->v[i].from ? "," : "", r->v[i].to);
		buf_puts(to, "}");
	}
	buf_puts(to, "]");
}

static bool
is_empty(const struct field *f, const void *at)
{
	switch (f->kind) {
	case FIELD_STR:
		return !*(char *const *)at || !**(char *const *)at;
	case FIELD_INT:
	case FIELD_PORT:
		return *(const int64_t *)at == 0;
	case FIELD_BOOL:
		return !*(const bool *)at;
	case FIELD_STRS:
		return ((const struct strings *)at)->n == 0;
	case FIELD_PAIRS:
		return ((const struct pairs *)at)->n == 0;
	case FIELD_BYTES:
		return ((const struct msg_bytes *)at)->n == 0;
	case FIELD_ADDR:
		return !((const struct msg_addr *)at)->present;
	case FIELD_RANGES:
		return ((const struct msg_port_ranges *)at)->n == 0;
	case FIELD_OBJ:
		return false;
	}
	return true;
}

static void
put_value(struct buf *to, const struct field *f, const void *at)
{
	switch (f->kind) {
	case FIELD_STR:
		put_text(to, *(char *const *)at);
		break;
	case FIELD_INT:
	case FIELD_PORT:
		buf_printf(to, "%" PRId64, *(const int64_t *)at);
		break;
	case FIELD_BOOL:
		buf_puts(to, *(const bool *)at ? "true" : "false");
		break;
	case FIELD_STRS:
		put_strings(to, at);
		break;
	case FIELD_PAIRS:
		put_pairs(to, at);
		break;
	case FIELD_BYTES:
		put_bytes(to, at);
		break;
	case FIELD_ADDR:
		put_fields(to, msg_addr_fields, at, true);
		break;
	case FIELD_RANGES:
		put_ranges(to, at);
		break;
	case FIELD_OBJ:
		put_fields(to, f->fields, at, false);
		break;
	}
}

/* whole: members are written even when empty. */
static void
put_fields(struct buf *to, const struct field *f, const void *base, bool whole)
{
	const char *sep = "{";

	for (; f->name; f++) {
		const void *at = (const char *)base + f->offset;

		if (!whole && is_empty(f, at))
			continue;
		buf_puts(to, sep);
		buf_puts(to, "\"");
		buf_puts(to, f->name);
		buf_puts(to, "\":");
		put_value(to, f, at);
		sep = ",";
	}
	buf_puts(to, *sep == '{' ? "{}" : "}");
}

void
msg_encode(const struct msg *m, struct buf *to)
{
	put_fields(to, msg_kinds[m->type].fields, &m->u, false);
}
