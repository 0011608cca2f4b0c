// SPDX-License-Identifier: MIT
#include "core/template_in.h"

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/ranges.h"

/* The ranges that text lists, one number after the other. */
static int
numbers(struct template *t, const struct tvalue *arg, struct tvalue *v)
{
	struct ranges r = { 0 };
	struct buf why = { 0 };
	struct tvalue *list;
	size_t i, n = 0;
	int64_t k;
	int err = 0;

	if (arg->kind != TV_TEXT)
		return template_fail(t, "a range of numbers must be a text");
	if (ranges_parse(&r, arg->text, &why) < 0)
		err = template_fail(t, "%s", buf_text(&why));
	buf_free(&why);
	for (i = 0; i < r.n && n <= TEMPLATE_ITEMS; i++)
		n += (size_t)((int64_t)r.v[i].last - r.v[i].first + 1);
	if (err == 0 && n > TEMPLATE_ITEMS)
		err = template_fail(t, "the range has more than %d numbers",
		    TEMPLATE_ITEMS);
	list = err == 0 ? template_hold(t, n * sizeof(*list)) : NULL;
	*v = (struct tvalue){ .kind = TV_LIST, .list = list };
	for (i = 0; list && i < r.n; i++)
		for (k = r.v[i].first; k <= r.v[i].last; k++)
			list[v->n++] = (struct tvalue){ .kind = TV_INT,
				.integer = k };
	ranges_release(&r);
	return list ? 0 : ERR_PROTO;
}

static int
number_range(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	if (n != 1)
		return template_fail(t, "parseNumberRange takes one text");
	return numbers(t, &args[0], v);
}

static int
number_range_pair(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	struct tvalue second = { 0 }, *list;
	size_t i;

	if (n != 2)
		return template_fail(t, "parseNumberRangePair takes two texts");
	if (numbers(t, &args[0], v) < 0 || numbers(t, &args[1], &second) < 0)
		return ERR_PROTO;
	if (v->n != second.n)
		return template_fail(t, "first and second range numbers are "
					"not in pairs");
	list = template_hold(t, v->n * sizeof(*list));
	for (i = 0; list && i < v->n; i++)
		list[i] = (struct tvalue){ .kind = TV_PAIR,
			.integer = v->list[i].integer,
			.second = second.list[i].integer };
	v->list = list;
	return list ? 0 : ERR_PROTO;
}

static bool
same(const struct tvalue *a, const struct tvalue *b)
{
	if (a->kind != b->kind)
		return false; /* no value, and a value */
	switch (a->kind) {
	case TV_TEXT:
		return strcmp(a->text, b->text) == 0;
	case TV_INT:
		return a->integer == b->integer;
	case TV_BOOL:
		return a->boolean == b->boolean;
	default:
		return true;
	}
}

static int
func_eq(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	size_t i;

	if (n < 2)
		return template_fail(t, "eq takes two values or more");
	*v = (struct tvalue){ .kind = TV_BOOL };
	for (i = 0; i < n; i++) {
		if (args[i].kind > TV_BOOL ||
		    (args[i].kind && args[0].kind &&
			args[i].kind != args[0].kind))
			return template_fail(t,
			    "incompatible types for comparison");
		if (i > 0 && same(&args[0], &args[i]))
			v->boolean = true;
	}
	return 0;
}

static int
func_ne(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	if (n != 2)
		return template_fail(t, "ne takes two values");
	if (func_eq(t, args, n, v) < 0)
		return ERR_PROTO;
	v->boolean = !v->boolean;
	return 0;
}

static int
func_not(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	if (n != 1)
		return template_fail(t, "not takes one value");
	*v = (struct tvalue){ .kind = TV_BOOL,
		.boolean = !template_true(&args[0]) };
	return 0;
}

/* Both give one of their values, not true or false. */
static int
func_and(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	size_t i = 0;

	if (n == 0)
		return template_fail(t, "and takes one value or more");
	while (i + 1 < n && template_true(&args[i]))
		i++;
	*v = args[i];
	return 0;
}

static int
func_or(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	size_t i = 0;

	if (n == 0)
		return template_fail(t, "or takes one value or more");
	while (i + 1 < n && !template_true(&args[i]))
		i++;
	*v = args[i];
	return 0;
}

/* One directive, p behind its %: flags - and 0, a width, and s d v q. */
static const char *
directive(struct template *t, struct buf *to, const char *p,
    const struct tvalue *arg)
{
	struct buf text = { 0 };
	bool left = false, zeros = false;
	int width = 0, r = 0;

	for (; *p == '-' || *p == '0'; p++)
		*(*p == '-' ? &left : &zeros) = true;
	for (; *p >= '0' && *p <= '9' && width < 100; p++)
		width = width * 10 + (*p - '0');
	if (!*p || !strchr("sdv", *p))
		r = template_fail(t, "printf: '%%%.1s' is not supported", p);
	else if (!arg)
		r = template_fail(t, "printf: a value is missing");
	else if ((*p == 's' && arg->kind != TV_TEXT) ||
	    (*p == 'd' && arg->kind != TV_INT))
		r = template_fail(t, "printf: the value does not fit %%%c", *p);
	else
		r = template_put(t, &text, arg);
	if (r == 0 && zeros && !left && arg && arg->kind == TV_INT)
		buf_printf(to, "%0*lld", width, (long long)arg->integer);
	else if (r == 0)
		buf_printf(to, "%*s", left ? -width : width, buf_text(&text));
	buf_free(&text);
	return r == 0 ? p + 1 : NULL;
}

static int
func_printf(struct template *t, const struct tvalue *args, size_t n,
    struct tvalue *v)
{
	struct buf b = { 0 };
	size_t used = 1;
	const char *p;
	char *text = NULL;

	if (n == 0 || args[0].kind != TV_TEXT)
		return template_fail(t, "printf takes a text first");
	for (p = args[0].text; p && *p;) {
		if (p[0] != '%' || p[1] == '%') {
			buf_put(&b, p, 1);
			p += *p == '%' ? 2 : 1;
			continue;
		}
		p = directive(t, &b, p + 1, used < n ? &args[used] : NULL);
		used++;
	}
	if (p && used < n)
		template_fail(t, "printf: more values than places for them");
	else if (p && buf_len(&b) > TEMPLATE_TEXT)
		template_fail(t, "printf: the text is too long");
	else if (p && (text = template_hold(t, buf_len(&b) + 1)) != NULL)
		memcpy(text, buf_text(&b), buf_len(&b) + 1);
	buf_free(&b);
	*v = (struct tvalue){ .kind = TV_TEXT, .text = text };
	return text ? 0 : ERR_PROTO;
}

template_func *
template_find(const char *name, size_t n)
{
	static const struct {
		const char *name;
		template_func *func;
	} funcs[] = {
		{ "parseNumberRange", number_range },
		{ "parseNumberRangePair", number_range_pair },
		{ "eq", func_eq },
		{ "ne", func_ne },
		{ "not", func_not },
		{ "and", func_and },
		{ "or", func_or },
		{ "printf", func_printf },
	};
	size_t i;

	for (i = 0; i < sizeof(funcs) / sizeof(*funcs); i++)
		if (strlen(funcs[i].name) == n &&
		    memcmp(funcs[i].name, name, n) == 0)
			return funcs[i].func;
	return NULL;
}
