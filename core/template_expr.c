// SPDX-License-Identifier: MIT
#include "core/template_in.h"

#include <string.h>

#include "core/err.h"

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (c & 0x80);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void
template_blank(struct template *t)
{
	while (t->p < t->end && template_is_blank(*t->p))
		t->p++;
}

bool
template_at_end(const struct template *t)
{
	return template_at(t, "}}") ||
	    (template_at(t, "-}}") && t->p > t->start &&
		template_is_blank(t->p[-1]));
}

size_t
template_word(const struct template *t)
{
	const char *p = t->p;

	while (p < t->end && (is_letter(*p) || (p > t->p && is_digit(*p))))
		p++;
	return (size_t)(p - t->p);
}

bool
template_word_is(const struct template *t, const char *word)
{
	return template_word(t) == strlen(word) && template_at(t, word);
}

bool
template_true(const struct tvalue *v)
{
	switch (v->kind) {
	case TV_NONE:
		return false;
	case TV_TEXT:
		return *v->text != '\0';
	case TV_INT:
		return v->integer != 0;
	case TV_BOOL:
		return v->boolean;
	case TV_LIST:
		return v->n > 0;
	default:
		return true;
	}
}

/* Each name once. */
static void
note_gap(struct buf *names, bool *many, const struct tvalue *v)
{
	int n = (int)(v->variable_len > 100 ? 100 : v->variable_len);
	struct buf name = { 0 };

	buf_printf(&name, "'%.*s'", n, v->variable);
	if (!strstr(buf_text(names), buf_text(&name)) &&
	    buf_len(names) < TEMPLATE_GAPS) {
		*many = buf_len(names) > 0;
		buf_printf(names, "%s%s", *many ? ", " : "", buf_text(&name));
	}
	buf_free(&name);
}

static void
look_for_gap(const struct template *t, const struct tvalue *v)
{
	if (!t->gaps || !v->variable)
		return;
	if (v->kind == TV_NONE)
		note_gap(&t->gaps->unset, &t->gaps->many_unset, v);
	else if (v->kind == TV_TEXT && !*v->text)
		note_gap(&t->gaps->empty, &t->gaps->many_empty, v);
}

int
template_put(struct template *t, struct buf *to, const struct tvalue *v)
{
	size_t i;
	int r = 0;

	look_for_gap(t, v);
	switch (v->kind) {
	case TV_NONE:
		buf_puts(to, TEMPLATE_NO_VALUE);
		return 0;
	case TV_TEXT:
		buf_puts(to, v->text);
		return 0;
	case TV_INT:
		buf_printf(to, "%lld", (long long)v->integer);
		return 0;
	case TV_BOOL:
		buf_puts(to, v->boolean ? "true" : "false");
		return 0;
	case TV_PAIR:
		buf_printf(to, "{%lld %lld}", (long long)v->integer,
		    (long long)v->second);
		return 0;
	case TV_LIST:
		for (i = 0; r == 0 && i < v->n; i++) {
			buf_puts(to, i ? " " : "[");
			r = template_put(t, to, &v->list[i]);
		}
		buf_puts(to, v->n ? "]" : "[]");
		return r;
	default:
		return template_fail(t, "the environment as a whole is not "
					"printed");
	}
}

static void
env_get(const struct template *t, const char *name, size_t n, struct tvalue *v)
{
	char *const *e;

	*v = (struct tvalue){ .variable = name, .variable_len = n };
	for (e = t->env; e && *e; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') {
			v->kind = TV_TEXT;
			v->text = *e + n + 1;
		}
}

/* .A.B behind a value. */
static int
fields(struct template *t, struct tvalue *v)
{
	const char *name;
	size_t n;

	while (template_at(t, ".")) {
		t->p++;
		name = t->p;
		n = template_word(t);
		t->p += n;
		if (n == 0)
			return template_fail(t, "a field's name is missing");
		if (t->dead)
			continue;
		if (v->kind == TV_ROOT && n == 4 && !memcmp(name, "Envs", 4))
			v->kind = TV_ENVS;
		else if (v->kind == TV_ENVS)
			env_get(t, name, n, v);
		else if (v->kind == TV_PAIR && n == 5 &&
		    !memcmp(name, "First", 5))
			v->kind = TV_INT;
		else if (v->kind == TV_PAIR && n == 6 &&
		    !memcmp(name, "Second", 6))
			*v = (struct tvalue){ .kind = TV_INT,
				.integer = v->second };
		else
			return template_fail(t, "there is no field '.%.*s' "
			    "here", (int)(n > 40 ? 40 : n), name);
	}
	return 0;
}

int
template_var(struct template *t, char name[48])
{
	size_t n;

	t->p++;
	n = template_word(t);
	if (n >= 48)
		return template_fail(t, "the variable's name is too long");
	memcpy(name, t->p, n);
	name[n] = '\0';
	t->p += n;
	return 0;
}

static int
variable(struct template *t, struct tvalue *v)
{
	char name[48] = "";
	size_t i;

	if (template_var(t, name) < 0)
		return ERR_PROTO;
	*v = (struct tvalue){ .kind = TV_ROOT };
	for (i = t->nvars; *name && i > 0; i--)
		if (strcmp(t->vars[i - 1].name, name) == 0)
			break;
	if (*name && i == 0)
		return template_fail(t, "undefined variable \"$%s\"", name);
	if (*name)
		*v = t->vars[i - 1].value;
	return fields(t, v);
}

static int
number(struct template *t, struct tvalue *v)
{
	bool minus = *t->p == '-';

	*v = (struct tvalue){ .kind = TV_INT };
	t->p += minus || *t->p == '+';
	if (t->p == t->end || !is_digit(*t->p))
		return template_fail(t, "a number is missing");
	if (*t->p == '0' && t->p + 1 < t->end && is_digit(t->p[1]))
		return template_fail(t, "octal numbers are not supported");
	for (; t->p < t->end && is_digit(*t->p); t->p++) {
		int digit = *t->p - '0';

		if (__builtin_mul_overflow(v->integer, 10, &v->integer) ||
		    __builtin_add_overflow(v->integer, minus ? -digit : digit,
			&v->integer))
			return template_fail(t, "the number is too large");
	}
	if (t->p < t->end && (is_letter(*t->p) || *t->p == '.'))
		return template_fail(t, "only decimal integers are supported");
	return 0;
}

/* p stands behind the backslash. */
static int
escape(struct template *t, struct buf *b)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	char c = t->p < t->end ? *t->p++ : '\0';
	const char *found = c ? strchr(from, c) : NULL;

	if (!found)
		return template_fail(t, "this escape is not supported; "
					"`…` has none");
	buf_put(b, &to[found - from], 1);
	return 0;
}

static int
text(struct template *t, struct tvalue *v)
{
	char quote = *t->p++, *held = NULL;
	struct buf b = { 0 };
	int r = 0;

	while (r == 0 && t->p < t->end && *t->p != quote) {
		char c = *t->p++;

		if (!c || (quote == '"' && c == '\n'))
			r = template_fail(t, "the text does not end");
		else if (quote == '"' && c == '\\')
			r = escape(t, &b);
		else
			buf_put(&b, &c, 1);
	}
	if (r == 0 && t->p == t->end)
		r = template_fail(t, "the text does not end");
	t->p += r == 0;
	if (r == 0 && buf_len(&b) > TEMPLATE_TEXT)
		r = template_fail(t, "the text is too long");
	if (r == 0)
		held = template_hold(t, buf_len(&b) + 1);
	if (held)
		memcpy(held, buf_text(&b), buf_len(&b) + 1);
	buf_free(&b);
	*v = (struct tvalue){ .kind = TV_TEXT, .text = held };
	return held ? 0 : ERR_PROTO;
}

static int
operand(struct template *t, struct tvalue *v)
{
	int r;

	if (t->p == t->end)
		return template_fail(t, "the action does not end");
	switch (*t->p) {
	case '"':
	case '`':
		return text(t, v);
	case '$':
		return variable(t, v);
	case '(':
		t->p++;
		if (++t->depth > 32)
			return template_fail(t, "nested too deep");
		r = template_expr(t, v);
		t->depth--;
		if (r == 0 && !template_at(t, ")"))
			r = template_fail(t, "')' is missing");
		t->p += r == 0;
		return r;
	case '.':
		*v = t->dot;
		if (t->p + 1 < t->end && is_letter(t->p[1]))
			return fields(t, v);
		t->p++;
		return 0;
	}
	if (template_word_is(t, "true") || template_word_is(t, "false")) {
		*v = (struct tvalue){ .kind = TV_BOOL,
			.boolean = *t->p == 't' };
		t->p += v->boolean ? 4 : 5;
		return 0;
	}
	if (is_digit(*t->p) || *t->p == '-' || *t->p == '+')
		return number(t, v);
	if (template_word(t))
		return template_fail(t, "'%.*s' cannot stand here",
		    (int)(template_word(t) > 40 ? 40 : template_word(t)), t->p);
	return template_fail(t, "'%.1s' is not supported here", t->p);
}

static int
call(struct template *t, struct tvalue *v)
{
	struct tvalue args[TEMPLATE_ARGS];
	size_t word = template_word(t), n = 0;
	template_func *func = template_find(t->p, word);

	if (!func)
		return template_fail(t, "function \"%.*s\" is not supported",
		    (int)(word > 40 ? 40 : word), t->p);
	t->p += word;
	for (;;) {
		template_blank(t);
		if (template_at_end(t) || template_at(t, ")") ||
		    template_at(t, "|"))
			break;
		if (n == TEMPLATE_ARGS)
			return template_fail(t, "too many values");
		if (operand(t, &args[n++]) < 0)
			return ERR_PROTO;
	}
	*v = (struct tvalue){ 0 };
	return t->dead ? 0 : func(t, args, n, v);
}

int
template_expr(struct template *t, struct tvalue *v)
{
	int r;

	*v = (struct tvalue){ 0 };
	template_blank(t);
	if (template_at_end(t))
		return template_fail(t, "a value is missing");
	r = template_word(t) && !template_word_is(t, "true") &&
		!template_word_is(t, "false") ? call(t, v) : operand(t, v);
	if (r < 0)
		return r;
	template_blank(t);
	if (template_at(t, "|"))
		return template_fail(t, "pipes are not supported");
	if (!template_at_end(t) && !template_at(t, ")"))
		return template_fail(t, "only a function takes values");
	return 0;
}
