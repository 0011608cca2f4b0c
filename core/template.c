// SPDX-License-Identifier: MIT
/* Blocks are carried out while they are read; a loop goes back to where its
 * body began. */
#include "core/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/template_in.h"

enum stop { STOP_TEXT_END, STOP_END, STOP_ELSE, STOP_FAILED };

static enum stop block(struct template *t);

int
template_fail(struct template *t, const char *fmt, ...)
{
	unsigned line = 1;
	const char *p;
	char text[200];
	va_list ap;

	if (buf_len(t->why))
		return ERR_PROTO;
	for (p = t->start; p < t->p; p++)
		line += *p == '\n';
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(t->why, "template: line %u: %s", line, text);
	return ERR_PROTO;
}

void *
template_hold(struct template *t, size_t n)
{
	if (t->held_bytes + n > TEMPLATE_HOLD) {
		template_fail(t, "the values take too much memory");
		return NULL;
	}
	if (t->nheld == t->capheld) {
		t->held = mem_slot(t->held, t->nheld, &t->capheld,
		    sizeof(*t->held));
		t->sizes = mem_grow(t->sizes, t->capheld * sizeof(*t->sizes));
	}
	t->sizes[t->nheld] = n;
	t->held_bytes += n;
	return t->held[t->nheld++] = mem_zero(n);
}

void
template_drop(struct template *t, size_t upto)
{
	while (t->nheld > upto) {
		t->held_bytes -= t->sizes[--t->nheld];
		free(t->held[t->nheld]);
	}
}

static int
end_action(struct template *t)
{
	template_blank(t);
	if (!template_at_end(t))
		return template_fail(t, "the action does not end here");
	t->trim = *t->p == '-';
	t->p += t->trim ? 3 : 2;
	return 0;
}

static int
set_var(struct template *t, const char *name, struct tvalue v)
{
	if (t->nvars == TEMPLATE_VARS)
		return template_fail(t, "too many variables");
	snprintf(t->vars[t->nvars].name, sizeof(t->vars[0].name), "%s", name);
	t->vars[t->nvars++].value = v;
	return 0;
}

/* A block up to its else or end; variables and values made in it end there. */
static enum stop
scope(struct template *t, bool dead)
{
	size_t vars = t->nvars, held = t->nheld;
	bool was = t->dead;
	enum stop s;

	t->dead = t->dead || dead;
	s = block(t);
	t->dead = was;
	t->nvars = vars;
	template_drop(t, held);
	if (s == STOP_TEXT_END) {
		template_fail(t, "'end' is missing");
		return STOP_FAILED;
	}
	return s;
}

static int
do_if(struct template *t)
{
	bool done = false, last = false;
	struct tvalue v;
	enum stop s;

	for (;;) {
		v = (struct tvalue){ .kind = TV_BOOL, .boolean = true };
		if (!last && template_expr(t, &v) < 0)
			return ERR_PROTO;
		if (end_action(t) < 0)
			return ERR_PROTO;
		s = scope(t, done || !template_true(&v));
		done = done || template_true(&v);
		if (s == STOP_FAILED)
			return ERR_PROTO;
		if (s == STOP_END)
			return end_action(t);
		if (last)
			return template_fail(t, "'end' is missing");
		template_blank(t);
		last = !template_word_is(t, "if");
		if (!last)
			t->p += 2;
	}
}

/* $v := or $i, $v := in front of what is ranged over. */
static int
loop_vars(struct template *t, char first[48], char second[48])
{
	const char *from;

	*first = *second = '\0';
	template_blank(t);
	from = t->p;
	if (!template_at(t, "$"))
		return 0;
	if (template_var(t, first) < 0)
		return ERR_PROTO;
	template_blank(t);
	if (template_at(t, ",")) {
		t->p++;
		template_blank(t);
		if (!template_at(t, "$"))
			return template_fail(t, "a variable is missing");
		if (template_var(t, second) < 0)
			return ERR_PROTO;
		template_blank(t);
	} else if (!template_at(t, ":=")) {
		*first = '\0';
		t->p = from; /* it was the value itself */
		return 0;
	}
	if (!template_at(t, ":="))
		return template_fail(t, "':=' is missing");
	t->p += 2;
	return 0;
}

static enum stop
turn(struct template *t, const struct tvalue *list, size_t i,
    const char *first, const char *second)
{
	struct tvalue index = { .kind = TV_INT, .integer = (int64_t)i };
	struct tvalue item = i < list->n ? list->list[i] : (struct tvalue){ 0 };
	struct tvalue dot = t->dot;
	size_t vars = t->nvars;
	enum stop s = STOP_FAILED;

	t->dot = item;
	if ((!*first || set_var(t, first, *second ? index : item) == 0) &&
	    (!*second || set_var(t, second, item) == 0))
		s = scope(t, i >= list->n);
	t->nvars = vars;
	t->dot = dot;
	return s;
}

static int
do_range(struct template *t)
{
	char first[48], second[48];
	struct tvalue list;
	const char *body;
	size_t i = 0;
	enum stop s;
	bool trim;

	if (loop_vars(t, first, second) < 0 || template_expr(t, &list) < 0)
		return ERR_PROTO;
	if (!t->dead && list.kind != TV_LIST)
		return template_fail(t, "range goes over lists of numbers "
					"only");
	if (end_action(t) < 0)
		return ERR_PROTO;
	body = t->p;
	trim = t->trim;
	do {
		t->p = body;
		t->trim = trim;
		s = turn(t, &list, i, first, second);
	} while (s != STOP_FAILED && ++i < list.n);
	if (s == STOP_ELSE) {
		if (end_action(t) < 0)
			return ERR_PROTO;
		s = scope(t, list.n > 0);
		if (s == STOP_ELSE)
			return template_fail(t, "'end' is missing");
	}
	return s == STOP_FAILED ? ERR_PROTO : end_action(t);
}

/* $x := value: true when it is one, whatever becomes of it. */
static bool
do_define(struct template *t, int *r)
{
	const char *from = t->p;
	struct tvalue v;
	char name[48];

	*r = template_var(t, name);
	template_blank(t);
	if (*r == 0 && template_at(t, "="))
		*r = template_fail(t, "'=' is not supported, only ':='");
	if (*r == 0 && !template_at(t, ":=")) {
		t->p = from;
		return false;
	}
	if (*r == 0) {
		t->p += 2;
		*r = template_expr(t, &v);
	}
	if (*r == 0)
		*r = set_var(t, name, v);
	if (*r == 0)
		*r = end_action(t);
	return true;
}

static int
do_value(struct template *t)
{
	struct buf text = { 0 };
	size_t held = t->nheld;
	struct tvalue v;
	int r;

	if (template_at(t, "$") && do_define(t, &r))
		return r;
	r = template_expr(t, &v);
	if (r == 0 && !t->dead)
		r = template_put(t, &text, &v);
	if (r == 0 && buf_len(t->out) + buf_len(&text) > TEMPLATE_OUT)
		r = template_fail(t, "the text becomes too long");
	if (r == 0)
		buf_put(t->out, buf_peek(&text), buf_len(&text));
	buf_wipe(&text);
	template_drop(t, held);
	return r == 0 ? end_action(t) : r;
}

static int
comment(struct template *t)
{
	for (t->p += 2; t->p < t->end && !template_at(t, "*/"); t->p++)
		;
	if (t->p == t->end)
		return template_fail(t, "the comment does not end");
	t->p += 2;
	return end_action(t);
}

/* The action at p, which is behind {{ and its trim. */
static enum stop
action(struct template *t)
{
	static const char *const others[] = { "with", "define", "template",
		"block", "break", "continue", "nil" };
	size_t i;
	int r;

	if (++t->steps > TEMPLATE_STEPS) {
		template_fail(t, "the template does not come to an end");
		return STOP_FAILED;
	}
	if (template_at(t, "/*"))
		return comment(t) < 0 ? STOP_FAILED : STOP_TEXT_END;
	template_blank(t);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (template_word_is(t, others[i])) {
			template_fail(t, "\"%s\" is not supported", others[i]);
			return STOP_FAILED;
		}
	if (template_word_is(t, "end") || template_word_is(t, "else")) {
		bool ends = t->p[1] == 'n';

		t->p += ends ? 3 : 4;
		return ends ? STOP_END : STOP_ELSE;
	}
	if (++t->depth > 32) {
		template_fail(t, "nested too deep");
		return STOP_FAILED;
	}
	if (template_word_is(t, "if")) {
		t->p += 2;
		r = do_if(t);
	} else if (template_word_is(t, "range")) {
		t->p += 5;
		r = do_range(t);
	} else {
		r = do_value(t);
	}
	t->depth--;
	return r < 0 ? STOP_FAILED : STOP_TEXT_END;
}

/* Text up to the next action, which is entered; false at the end. */
static bool
plain(struct template *t, enum stop *s)
{
	const char *from = t->p, *to;
	bool more;

	while (t->p < t->end && !template_at(t, "{{"))
		t->p++;
	to = t->p;
	more = t->p < t->end;
	if (more) {
		t->p += 2;
		if (t->end - t->p >= 2 && *t->p == '-' &&
		    template_is_blank(t->p[1])) {
			while (to > from && template_is_blank(to[-1]))
				to--;
			t->p += 1;
			template_blank(t);
		}
	}
	while (t->trim && from < to && template_is_blank(*from))
		from++;
	t->trim = false;
	if (t->dead)
		return more;
	if (buf_len(t->out) + (size_t)(to - from) > TEMPLATE_OUT) {
		template_fail(t, "the text becomes too long");
		*s = STOP_FAILED;
		return false;
	}
	buf_put(t->out, from, (size_t)(to - from));
	return more;
}

static enum stop
block(struct template *t)
{
	enum stop s = STOP_TEXT_END;

	while (s == STOP_TEXT_END && plain(t, &s))
		s = action(t);
	return s;
}

int
template_render(const char *text, size_t n, char *const *env,
    struct buf *out, struct template_gaps *gaps, struct buf *why)
{
	struct template *t = mem_new(struct template);
	struct buf mine = { 0 };
	enum stop s;
	int r;

	*t = (struct template){ .start = text, .p = text, .end = text + n,
		.env = env, .out = out, .gaps = gaps, .why = &mine,
		.dot = { .kind = TV_ROOT } };
	s = block(t);
	if (s == STOP_END || s == STOP_ELSE)
		template_fail(t, "'%s' has no beginning",
		    s == STOP_END ? "end" : "else");
	r = buf_len(&mine) ? ERR_PROTO : 0;
	buf_put(why, buf_peek(&mine), buf_len(&mine));
	buf_free(&mine);
	template_drop(t, 0);
	free(t->held);
	free(t->sizes);
	free(t);
	return r;
}

void
template_gaps_release(struct template_gaps *g)
{
	buf_free(&g->unset);
	buf_free(&g->empty);
	*g = (struct template_gaps){ 0 };
}
