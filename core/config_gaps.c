// SPDX-License-Identifier: MIT
/* Variables of the environment that are not set, or empty.  A secret that is
 * "<no value>", as frp has it, lets in whoever knows frp. */
#include "core/config_read.h"

#include <string.h>

static bool
is_unset(const struct value *v)
{
	return v->type == VALUE_STR && strstr(v->text, TEMPLATE_NO_VALUE);
}

static bool
is_empty(const struct value *v)
{
	return v->type == VALUE_STR && v->textlen == 0;
}

/* Is there such a text in v, or below it? */
static bool
has(const struct value *v, bool (*is)(const struct value *))
{
	size_t i;

	if (is(v))
		return true;
	if (v->type != VALUE_LIST && v->type != VALUE_TABLE)
		return false;
	for (i = 0; i < v->n; i++)
		if (has(v->list[i], is))
			return true;
	return false;
}

static void
put(struct buf *to, const struct buf *names, bool many, const char *what)
{
	buf_printf(to, many ? "one of the environment variables %.*s is %s" :
	    "the environment variable %.*s is %s", (int)buf_len(names),
	    (const char *)buf_peek(names), what);
}

void
config_put_unset(const struct template_gaps *g, struct buf *to)
{
	if (buf_len(&g->unset) == 0)
		return;
	buf_puts(to, "; ");
	put(to, &g->unset, g->many_unset, "not set");
}

void
config_gaps(struct config_reader *r, const struct config_row *row,
    const struct value *v)
{
	const struct template_gaps *g = r->gaps;
	struct buf text = { 0 };

	if (buf_len(&g->unset) && has(v, is_unset)) {
		put(&text, &g->unset, g->many_unset, "not set");
		if (row->holds == CONFIG_PLAIN)
			buf_puts(&text, ", so \"" TEMPLATE_NO_VALUE
			    "\" stands there");
		config_problem(row->holds == CONFIG_PLAIN ? r->notes :
		    r->problems, "%s: %s", row->path, buf_text(&text));
	} else if (row->holds == CONFIG_GUARD && buf_len(&g->empty) &&
	    has(v, is_empty)) {
		put(&text, &g->empty, g->many_empty, "empty");
		config_problem(r->problems, "%s: %s", row->path,
		    buf_text(&text));
	}
	buf_free(&text);
}
