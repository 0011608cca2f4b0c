// SPDX-License-Identifier: MIT
/* Help out of the rows, laid out as frp lays it out. */
#include <stdlib.h>
#include <string.h>

#include "cmd/opt.h"
#include "core/mem.h"

void
opt_quote(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else if (c == '\t')
			buf_puts(b, "\\t");
		else if (c < ' ' || c == 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_put(b, s, 1);
	}
	buf_puts(b, "\"");
}

/* The value for printing: what the user could call zero is not shown. */
static void
put_preset(struct buf *b, const struct opt *o)
{
	const char *p = o->preset;

	if (!p || !*p || strcmp(p, "0") == 0 || strcmp(p, "false") == 0)
		return;
	buf_printf(b, o->kind->quoted ? " (default \"%s\")" : " (default %s)",
	    p);
}

static void
put_name(struct buf *b, const struct opt *o)
{
	if (o->letter)
		buf_printf(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(b, "      --%s", o->name);
	if (o->kind->word)
		buf_printf(b, " %s", o->kind->word);
}

static int
by_name(const void *a, const void *b)
{
	const struct opt *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

void
opt_help(struct buf *b, const struct opt *const *tables)
{
	const struct opt **rows = NULL, *o;
	size_t n = 0, cap = 0, i, wide = 0, at;
	struct buf name = { 0 };

	for (; *tables; tables++) {
		for (o = *tables; o->name; o++) {
			rows = mem_slot(rows, n, &cap, sizeof(*rows));
			rows[n++] = o;
			put_name(&name, o);
			if (buf_len(&name) > wide)
				wide = buf_len(&name);
			buf_take(&name, buf_len(&name));
		}
	}
	if (n)
		qsort(rows, n, sizeof(*rows), by_name);
	for (i = 0; i < n; i++) {
		at = buf_len(b);
		put_name(b, rows[i]);
		buf_printf(b, "%*s%s", (int)(wide + 3 - (buf_len(b) - at)), "",
		    rows[i]->help);
		put_preset(b, rows[i]);
		if (rows[i]->later)
			buf_printf(b, " (not supported yet: %s)",
			    rows[i]->later);
		buf_puts(b, "\n");
	}
	buf_free(&name);
	free(rows);
}
