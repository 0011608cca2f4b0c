// SPDX-License-Identifier: MIT
/* A tunnel into the text of the settings.  The text is no longer than it has
 * to be understood: where each statement ends, and which table it opens. */
#include <string.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/people.h"
#include "core/value.h"

struct walk {
	const char *p, *end;
};

static bool
starts(const struct walk *w, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(w->end - w->p) >= n && memcmp(w->p, s, n) == 0;
}

/* Behind the string at p, whatever its quotes. */
static void
pass_string(struct walk *w)
{
	const char quote[4] = { *w->p, *w->p, *w->p, '\0' };
	size_t n = starts(w, quote) ? 3 : 1;

	for (w->p += n; w->p < w->end; w->p++) {
		if (*quote == '"' && *w->p == '\\') {
			w->p++;
			continue;
		}
		if (!starts(w, quote + 3 - n))
			continue;
		w->p += n;
		/* up to two more belong to what is within */
		while (n == 3 && w->p < w->end && *w->p == *quote)
			w->p++;
		break;
	}
	if (w->p > w->end)
		w->p = w->end;
}

/* Behind the statement at p, its line end included. */
static void
pass_statement(struct walk *w)
{
	int nest = 0;

	while (w->p < w->end) {
		char c = *w->p;

		if (c == '"' || c == '\'') {
			pass_string(w);
			continue;
		}
		if (c == '#')
			while (w->p < w->end && *w->p != '\n')
				w->p++;
		if (w->p == w->end)
			break;
		c = *w->p++;
		nest += (c == '[' || c == '{') - (c == ']' || c == '}');
		if (c == '\n' && nest <= 0)
			break;
	}
}

static void
pass_blanks(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t'))
		w->p++;
}

/* Is the statement at p the header of this table?  A parser reads it, as a
 * document of its own. */
static bool
opens(const struct walk *at, const struct walk *after, const char *name)
{
	struct value_error e;
	struct value *v = toml_parse(at->p, (size_t)(after->p - at->p), &e);
	const struct value *list = v ? value_get(v, "tunnels") : NULL;
	bool is = list && list->type == VALUE_TABLE && list->n == 1 &&
	    value_get(list, name);

	value_free(v);
	return is;
}

/* From the header to the end of the last statement below it.  What stands
 * between that and the next header is about the next one. */
static bool
find_table(const char *text, size_t n, const char *name, size_t *from,
    size_t *to)
{
	struct walk w = { text, text + n }, at;
	bool found = false;

	while (w.p < w.end) {
		const char *line = w.p;

		pass_blanks(&w);
		at = w;
		pass_statement(&w);
		if (at.p < at.end && strchr("#\r\n", *at.p) && *at.p)
			continue;
		if (at.p < at.end && *at.p == '[') {
			if (found)
				break;
			found = opens(&at, &w, name);
			*from = (size_t)(line - text);
		}
		*to = (size_t)(w.p - text);
	}
	return found;
}

static void
put_string(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else
			buf_put(b, s, 1);
	}
	buf_puts(b, "\"");
}

static void
put_one(struct buf *b, const char *key, const char *text)
{
	if (!text)
		return;
	buf_printf(b, "%s = ", key);
	put_string(b, text);
	buf_puts(b, "\n");
}

static void
put_list(struct buf *b, const char *key, const struct strings *s)
{
	size_t i;

	if (!s->n)
		return;
	buf_printf(b, "%s = [", key);
	for (i = 0; i < s->n; i++) {
		buf_puts(b, i ? ", " : "");
		put_string(b, s->v[i]);
	}
	buf_puts(b, "]\n");
}

static void
put_tunnel(struct buf *b, const struct people_tunnel *t)
{
	buf_puts(b, "[tunnels.");
	if (strchr(t->name, '.'))
		put_string(b, t->name);
	else
		buf_puts(b, t->name);
	buf_puts(b, "]\n");
	put_one(b, "to", t->to);
	put_one(b, "ssh", t->ssh);
	put_one(b, "key", t->key);
	put_one(b, "jump", t->jump);
	put_list(b, "local", &t->local);
	put_list(b, "dynamic", &t->dynamic);
	put_list(b, "remote", &t->remote);
	if (t->auto_port)
		buf_puts(b, "autoPort = true\n");
}

int
people_save_tunnel(struct buf *to, const char *text, size_t n,
    const struct people_tunnel *t)
{
	struct buf made = { 0 }, why = { 0 };
	size_t from = n, until = n;
	struct people check;
	int r;

	if (!find_table(text, n, t->name, &from, &until)) {
		from = until = n;
		buf_put(&made, text, n);
		if (n)
			buf_puts(&made, text[n - 1] == '\n' ? "\n" : "\n\n");
	} else {
		buf_put(&made, text, from);
	}
	put_tunnel(&made, t);
	buf_put(&made, text + until, n - until);
	r = people_read(&check, (const char *)buf_peek(&made), buf_len(&made),
	    "", &why);
	if (r == 0) {
		buf_put(to, buf_peek(&made), buf_len(&made));
		people_release(&check);
	}
	buf_wipe(&made);
	buf_free(&why);
	return r;
}
