// SPDX-License-Identifier: MIT
/* The decoder that the public TOML test suite drives: TOML on standard input,
 * JSON with a tag on each value on standard output; exit 1 and the reason on
 * standard error for what is no TOML. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/value.h"

static void
put_key(struct buf *out, const char *key)
{
	struct buf b = { 0 };

	for (; *key; key++)
		if (strncmp(key, "\xc0\x80", 2) == 0)
			buf_put(&b, "", 1), key++;
		else
			buf_put(&b, key, 1);
	json_put_str(out, buf_text(&b), buf_len(&b));
	buf_free(&b);
}

static void
put_real(struct buf *out, double real)
{
	if (isnan(real))
		buf_puts(out, "\"nan\"");
	else if (isinf(real))
		buf_puts(out, real > 0 ? "\"inf\"" : "\"-inf\"");
	else
		buf_printf(out, "\"%.17g\"", real);
}

/* The suite wants T and Z, in capitals. */
static void
put_time(struct buf *out, const struct value *v)
{
	char text[80];
	size_t i;

	snprintf(text, sizeof(text), "%s", v->text);
	for (i = 0; text[i]; i++)
		if (strchr("tz ", text[i]))
			text[i] = text[i] == 'z' ? 'Z' : 'T';
	json_put_str(out, text, strlen(text));
}

static void
put_scalar(struct buf *out, const struct value *v)
{
	static const char *const times[] = { "datetime", "datetime-local",
		"date-local", "time-local" };
	const char *tag = v->type == VALUE_BOOL ? "bool" :
	    v->type == VALUE_INT		? "integer" :
	    v->type == VALUE_REAL		? "float" :
	    v->type == VALUE_STR		? "string" :
						  times[v->time];

	buf_printf(out, "{\"type\":\"%s\",\"value\":", tag);
	if (v->type == VALUE_BOOL)
		buf_puts(out, v->boolean ? "\"true\"" : "\"false\"");
	else if (v->type == VALUE_INT)
		buf_printf(out, "\"%" PRId64 "\"", v->integer);
	else if (v->type == VALUE_REAL)
		put_real(out, v->real);
	else if (v->type == VALUE_STR)
		json_put_str(out, v->text, v->textlen);
	else
		put_time(out, v);
	buf_puts(out, "}");
}

static void
put(struct buf *out, const struct value *v)
{
	bool table = v->type == VALUE_TABLE;
	size_t i;

	if (!table && v->type != VALUE_LIST) {
		put_scalar(out, v);
		return;
	}
	buf_puts(out, table ? "{" : "[");
	for (i = 0; i < v->n; i++) {
		if (i)
			buf_puts(out, ",");
		if (table) {
			put_key(out, v->keys[i]);
			buf_puts(out, ":");
		}
		put(out, v->list[i]);
	}
	buf_puts(out, table ? "}" : "]");
}

int
main(void)
{
	struct buf in = { 0 }, out = { 0 };
	struct value_error e;
	struct value *v;
	size_t n;

	while ((n = fread(buf_room(&in, 65536), 1, 65536, stdin)) > 0)
		buf_added(&in, n);
	v = toml_parse(buf_text(&in), buf_len(&in), &e);
	buf_free(&in);
	if (!v) {
		fprintf(stderr, "%u:%u: %s\n", e.line, e.column, e.text);
		return 1;
	}
	put(&out, v);
	puts(buf_text(&out));
	buf_free(&out);
	value_free(v);
	return 0;
}
