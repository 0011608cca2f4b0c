// SPDX-License-Identifier: MIT
/* The kinds of values, read as Go's strconv, time and encoding/csv read them,
 * and refused in their words. */
#include <stdlib.h>
#include <string.h>

#include "cmd/number.h"
#include "cmd/opt.h"
#include "core/config.h"
#include "core/mem.h"

static int
set_str(void *field, const char *text, bool again, struct buf *why)
{
	char **to = field;

	(void)again;
	(void)why;
	mem_free_secret(*to);
	*to = mem_dup(text);
	return 0;
}

static void
drop_str(void *field)
{
	char **at = field;

	mem_free_secret(*at);
	*at = NULL;
}

static int
set_bool(void *field, const char *text, bool again, struct buf *why)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE",
		"True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE",
		"False" };
	bool *to = field;
	size_t i;

	(void)again;
	for (i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (strcmp(text, yes[i]) && strcmp(text, no[i]))
			continue;
		*to = strcmp(text, yes[i]) == 0;
		return 0;
	}
	buf_puts(why, "strconv.ParseBool: parsing ");
	opt_quote(why, text);
	buf_puts(why, ": invalid syntax");
	return -1;
}

static int
set_int(void *field, const char *text, bool again, struct buf *why)
{
	(void)again;
	return number_int(text, field, why);
}

static int
set_duration(void *field, const char *text, bool again, struct buf *why)
{
	(void)again;
	return number_duration(text, field, why);
}

static void
drop_list(void *field)
{
	struct strings *l = field;
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strings){ 0 };
}

static void
list_append(struct strings *l, const struct buf *item)
{
	l->v = mem_grow(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = mem_dupn((const char *)buf_peek(item), buf_len(item));
}

/* One field of a CSV record into item; returns what follows it. */
static const char *
csv_field(const char *p, const char *start, struct buf *item, struct buf *why)
{
	bool closed = false;

	if (*p != '"') {
		for (; *p && *p != ',' && *p != '\n'; p++) {
			if (*p == '"') {
				buf_printf(why, "parse error on line 1, column"
				    " %zu: bare \" in non-quoted field",
				    (size_t)(p - start) + 1);
				return NULL;
			}
			buf_put(item, p, 1);
		}
		return p;
	}
	for (p++; *p; p++) {
		if (*p == '"' && *++p != '"') {
			closed = true;
			break;
		}
		buf_put(item, p, 1);
	}
	if (closed && (!*p || *p == ',' || *p == '\n'))
		return p;
	buf_printf(why, "parse error on line 1, column %zu: "
	    "extraneous or missing \" in quoted-field",
	    (size_t)(p - start) + 1);
	return NULL;
}

static int
csv_read(const char *text, struct strings *l, struct buf *why)
{
	struct buf item = { 0 };
	const char *p = text;

	while (*text) {
		p = csv_field(p, text, &item, why);
		if (!p)
			break;
		list_append(l, &item);
		buf_take(&item, buf_len(&item));
		if (*p != ',')
			break;
		p++;
	}
	buf_free(&item);
	return p ? 0 : -1;
}

static int
set_list(void *field, const char *text, bool again, struct buf *why)
{
	struct strings fresh = { 0 }, *l = field;
	size_t i;

	if (csv_read(text, &fresh, why) < 0) {
		drop_list(&fresh);
		return -1;
	}
	if (!again)
		drop_list(l);
	for (i = 0; i < fresh.n; i++) {
		l->v = mem_grow(l->v, (l->n + 1) * sizeof(*l->v));
		l->v[l->n++] = fresh.v[i];
	}
	free(fresh.v);
	return 0;
}

static void
drop_pairs(void *field)
{
	struct pairs *m = field;
	size_t i;

	for (i = 0; i < m->n * 2; i++)
		free(m->v[i]);
	free(m->v);
	*m = (struct pairs){ 0 };
}

static void
pairs_put(struct pairs *m, const char *item, size_t key)
{
	size_t i, n = m->n * 2;
	char *name = mem_dupn(item, key);
	int order = 1;

	for (i = 0; i < n; i += 2) {
		order = strcmp(m->v[i], name);
		if (order >= 0)
			break;
	}
	if (i < n && order == 0) {
		free(name);
		free(m->v[i + 1]);
		m->v[i + 1] = mem_dup(item + key + 1);
		return;
	}
	m->v = mem_grow(m->v, (n + 2) * sizeof(*m->v));
	memmove(m->v + i + 2, m->v + i, (n - i) * sizeof(*m->v));
	m->v[i] = name;
	m->v[i + 1] = mem_dup(item + key + 1);
	m->n++;
}

static int
set_pairs(void *field, const char *text, bool again, struct buf *why)
{
	struct strings items = { 0 };
	struct pairs *m = field;
	int r = csv_read(text, &items, why);
	size_t i;

	for (i = 0; r == 0 && i < items.n; i++) {
		if (!strchr(items.v[i], '=')) {
			buf_printf(why, "%s must be formatted as key=value",
			    items.v[i]);
			r = -1;
		}
	}
	if (r == 0 && !again)
		drop_pairs(m);
	for (i = 0; r == 0 && i < items.n; i++)
		pairs_put(m, items.v[i], strcspn(items.v[i], "="));
	drop_list(&items);
	return r;
}

static void
drop_ranges(void *field)
{
	struct ranges *l = field;

	free(l->v);
	*l = (struct ranges){ 0 };
}

/* "1000-2000,3000": a repeated option replaces the former, as in frp. */
static int
set_ranges(void *field, const char *text, bool again, struct buf *why)
{
	struct ranges fresh = { 0 };
	int first, last;

	(void)again;
	while (*text) {
		size_t n = strcspn(text, ",");

		if (number_range(text, n, &first, &last, why) < 0) {
			drop_ranges(&fresh);
			return -1;
		}
		fresh.v = mem_grow(fresh.v, (fresh.n + 1) * sizeof(*fresh.v));
		fresh.v[fresh.n++] = (struct port_range){ first, last };
		text += n + (text[n] == ',');
	}
	drop_ranges(field);
	*(struct ranges *)field = fresh;
	return 0;
}

const struct opt_kind opt_str = { "string", NULL, true, set_str, drop_str };
const struct opt_kind opt_bool = { NULL, "true", false, set_bool, NULL };
const struct opt_kind opt_word = { NULL, NULL, false, set_bool, NULL };
const struct opt_kind opt_int = { "int", NULL, false, set_int, NULL };
const struct opt_kind opt_list = { "strings", NULL, false, set_list,
	drop_list };
const struct opt_kind opt_pairs = { "stringToString", NULL, false, set_pairs,
	drop_pairs };
const struct opt_kind opt_ranges = { "string", NULL, true, set_ranges,
	drop_ranges };
const struct opt_kind opt_duration = { "duration", NULL, false, set_duration,
	NULL };
