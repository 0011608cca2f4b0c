// SPDX-License-Identifier: MIT
#include "core/config_read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/plain.h"
#include "crypto/pins.h"

int
config_fail(struct config_reader *r, const struct value *v, const char *fmt,
    ...)
{
	char text[512];
	va_list ap;

	if (buf_len(r->why))
		return ERR_PROTO;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(r->why, "%s:%u: ", r->from->file, v->line);
	plain_put(r->why, text); /* a quoted key can hold anything */
	return ERR_PROTO;
}

/* In plain words first, then in frp's, which scripts may look for. */
int
config_type_error(struct config_reader *r, const struct value *v,
    const char *path, const char *type)
{
	return config_fail(r, v, "'%s' cannot be of this type: %sjson: cannot "
	    "unmarshal %s into Go struct field %s.%s of type %s", path,
	    r->inside, value_type_name(v), r->name, path, type);
}

int
config_unknown(struct config_reader *r, const struct value *v,
    const char *path)
{
	const char *last = strrchr(path, '.');
	struct buf hint = { 0 };

	if (!r->from->strict)
		return 0;
	config_hint(r, path, &hint);
	config_fail(r, v, "unknown key '%s'%s: %sjson: unknown field \"%s\"",
	    path, buf_text(&hint), r->inside, last ? last + 1 : path);
	buf_free(&hint);
	return ERR_PROTO;
}

void
config_problem(struct buf *to, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(to, "%s%s", buf_len(to) ? "\n" : "", text);
}

void
config_lines(struct buf *to, const char *lines)
{
	if (lines)
		buf_printf(to, "%s%s", buf_len(to) ? "\n" : "", lines);
}

char *
config_take_text(struct buf *b)
{
	char *text = buf_len(b) ? mem_dup(buf_text(b)) : NULL;

	buf_free(b);
	return text;
}

/* The row of the path; or, if there is none, whether rows lie below it. */
static const struct config_row *
find(const struct config_row *row, const char *path, bool *below)
{
	size_t n = strlen(path);

	for (; row && row->path; row++) {
		if (strncasecmp(row->path, path, n) != 0)
			continue;
		if (!row->path[n])
			return row;
		*below = *below || row->path[n] == '.';
	}
	return NULL;
}

static int
take(struct config_reader *r, const char *path, const struct value *v)
{
	bool below = false;
	const struct config_row *row = find(r->rows, path, &below);

	if (!row)
		row = find(r->more, path, &below);
	if (v->type == VALUE_NULL && (row || below))
		return 0;
	if (row)
		return config_set(r, row, v);
	if (!below)
		return config_unknown(r, v, path);
	if (v->type != VALUE_TABLE)
		return config_type_error(r, v, path, "object");
	return config_walk(r, v, path);
}

int
config_walk(struct config_reader *r, const struct value *table,
    const char *prefix)
{
	char path[128];
	size_t i;
	int n;

	for (i = 0; i < table->n; i++) {
		n = snprintf(path, sizeof(path), "%s%s%s", prefix,
		    *prefix ? "." : "", table->keys[i]);
		if ((size_t)n >= sizeof(path)) {
			if (config_unknown(r, table->list[i], path) < 0)
				return ERR_PROTO;
			continue;
		}
		if (take(r, path, table->list[i]) < 0)
			return ERR_PROTO;
	}
	return 0;
}

/* The whole document. */
int
config_top(struct config_reader *r, const struct value *tree)
{
	if (tree->type != VALUE_TABLE)
		return config_fail(r, tree, "json: cannot unmarshal %s into "
		    "Go value of type v1.%s", value_type_name(tree), r->name);
	return config_walk(r, tree, "");
}

static bool
is_number(enum config_kind kind)
{
	return kind == CONFIG_INT || kind == CONFIG_PORT ||
	    kind == CONFIG_PACKET;
}

static bool
is_text(enum config_kind kind)
{
	return kind == CONFIG_STR || kind == CONFIG_PINS;
}

static void *
place(const struct config_row *row, const void *of)
{
	return row->offset == CONFIG_UNUSED ? NULL : (char *)of + row->offset;
}

void
config_set_defaults(const struct config_row *row, void *to)
{
	for (; row->path; row++)
		if (row->kind == CONFIG_BOOL && place(row, to))
			*(bool *)place(row, to) = row->number != 0;
}

void
config_complete(const struct config_row *row, void *to)
{
	for (; row->path; row++) {
		char **text = place(row, to);
		int64_t *number = place(row, to);

		if (!text)
			continue;
		if (is_text(row->kind) && *text && !**text) {
			free(*text);
			*text = NULL;
		}
		if (is_text(row->kind) && !*text)
			*text = mem_dup(row->text);
		if (is_number(row->kind) && *number == 0)
			*number = row->number;
		if (row->kind == CONFIG_PLUGIN)
			config_plugin_complete(place(row, to));
	}
}

void
config_check(const struct config_row *row, const void *of,
    struct buf *problems)
{
	for (; row->path; row++) {
		const void *at = place(row, of);
		const char *text;
		struct pins pins;
		int64_t n;

		if (!at)
			continue;
		n = is_number(row->kind) ? *(const int64_t *)at : 1;
		if (row->kind == CONFIG_PORT && (n < 0 || n > 65535))
			config_problem(problems, "%s: port number %" PRId64
			    " must be in the range 0..65535", row->path, n);
		if (row->kind == CONFIG_PACKET && (n < 1 || n > 65507))
			config_problem(problems, "%s: %" PRId64 " must be in "
			    "the range 1..65507", row->path, n);
		text = row->kind == CONFIG_PINS ? *(char *const *)at : NULL;
		if (text && pins_read(&pins, text))
			config_problem(problems, "%s: %s", row->path,
			    pins_read(&pins, text));
		text = row->invalid ? *(char *const *)at : NULL;
		if (!text)
			continue;
		if (!config_is_choice(row->invalid, text))
			config_problem(problems, "%s", row->invalid);
		else if (row->later && strcmp(text, row->text) != 0 &&
		    !(row->words && config_is_choice(row->words, text)))
			config_problem(problems, "not supported yet: %s = "
			    "\"%s\" (%s)", row->path, text, row->later);
	}
}

void
config_release(const struct config_row *row, void *of)
{
	for (; row->path; row++) {
		void *at = place(row, of);

		if (at && is_text(row->kind)) {
			mem_free_secret(*(char **)at);
			*(char **)at = NULL; /* other rows may name it, too */
		}
		if (at && row->kind == CONFIG_STRS)
			config_strings_release(at);
		if (at && row->kind == CONFIG_PAIRS)
			config_pairs_release(at);
		if (at && row->kind == CONFIG_RANGES)
			ranges_release(at);
		if (at && (row->kind == CONFIG_PROXIES ||
			      row->kind == CONFIG_VISITORS))
			config_items_release(at);
		if (at && row->kind == CONFIG_PLUGIN)
			config_plugin_release(at);
		if (at && row->kind == CONFIG_SOURCE)
			free(((struct auth_conf *)at)->token_file);
	}
}
