// SPDX-License-Identifier: MIT
/* The reader is a state machine over the span: the state says what may come
 * next, kind[] what is open.  Strings are checked when they are passed and
 * decoded only when somebody asks. */
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/utf8.h"

enum {
	WANT_VALUE,
	WANT_VALUE_OR_END, /* after [ */
	WANT_KEY,
	WANT_KEY_OR_END, /* after { */
	WANT_COMMA_OR_END,
	WANT_NOTHING,
};

void
json_init(struct json *j, const char *p, size_t n)
{
	p = p ? p : "";
	*j = (struct json){ .start = p, .p = p, .end = p + n };
}

static int
fail(struct json *j, int err)
{
	return j->err = err;
}

static void
skip_blank(struct json *j)
{
	while (j->p < j->end &&
	    (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
		j->p++;
}

static void
value_done(struct json *j)
{
	j->state = j->depth ? WANT_COMMA_OR_END : WANT_NOTHING;
}

static int
hex4(const char *p, const char *end, uint32_t *v)
{
	int i;

	if (end - p < 4)
		return ERR_PROTO;
	for (*v = 0, i = 0; i < 4; i++) {
		char c = p[i], low = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*v = *v << 4 | (uint32_t)(low - 'a' + 10);
		else
			return ERR_PROTO;
	}
	return 0;
}

static int
open_kind(struct json *j, struct json_item *it, enum json_token token)
{
	if (j->depth == JSON_DEPTH)
		return fail(j, ERR_LIMIT);
	j->kind[j->depth++] = (uint8_t)token;
	j->state = token == JSON_OBJ ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	it->token = token;
	j->p++;
	return 0;
}

static int
close_kind(struct json *j, struct json_item *it)
{
	enum json_token open = j->kind[--j->depth];

	it->token = open == JSON_OBJ ? JSON_OBJ_END : JSON_ARR_END;
	j->p++;
	value_done(j);
	return 0;
}

/* From the opening quote to behind the closing one. */
static int
string(struct json *j, struct json_item *it, enum json_token token)
{
	const char *p = j->p + 1;
	uint32_t unit;

	it->token = token;
	it->raw = p;
	for (; p < j->end && *p != '"'; p++) {
		if ((uint8_t)*p < ' ')
			return fail(j, ERR_PROTO);
		if (*p != '\\')
			continue;
		if (++p == j->end || !*p || !strchr("\"\\/bfnrtu", *p))
			return fail(j, ERR_PROTO);
		if (*p == 'u') {
			if (hex4(p + 1, j->end, &unit) < 0)
				return fail(j, ERR_PROTO);
			p += 4;
		}
	}
	if (p == j->end)
		return fail(j, ERR_PROTO);
	it->rawlen = (size_t)(p - it->raw);
	j->p = p + 1;
	return 0;
}

static const char *
digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* The end of the number at p, or NULL when it is not one. */
static const char *
number_end(const char *p, const char *end, bool *whole)
{
	const char *from;

	*whole = true;
	if (p < end && *p == '-')
		p++;
	from = p;
	p = digits(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		*whole = false;
		from = ++p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		*whole = false;
		if (++p < end && (*p == '+' || *p == '-'))
			p++;
		from = p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	return p;
}

static bool
integer(const char *p, size_t n, int64_t *to)
{
	bool minus = *p == '-';
	int64_t v = 0;
	size_t i;

	for (i = minus; i < n; i++) {
		int digit = p[i] - '0';

		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, minus ? -digit : digit, &v))
			return false;
	}
	*to = v;
	return true;
}

/* strtod wants an end that it can see: a byte that no number has in it, or
 * else, at the end of the span, a copy with a NUL. */
static int
real(const struct json *j, const char *p, size_t n, double *to)
{
	char copy[512];

	if (p + n == j->end) {
		if (n >= sizeof(copy))
			return ERR_LIMIT;
		memcpy(copy, p, n);
		copy[n] = '\0';
		p = copy;
	}
	*to = strtod(p, NULL);
	return 0;
}

static int
number(struct json *j, struct json_item *it)
{
	bool whole;
	const char *end = number_end(j->p, j->end, &whole);
	int r;

	if (!end || (end < j->end && (!*end || !strchr(" \t\r\n,]}", *end))))
		return fail(j, ERR_PROTO);
	it->raw = j->p;
	it->rawlen = (size_t)(end - j->p);
	it->token = JSON_INT;
	if (!whole || !integer(it->raw, it->rawlen, &it->integer)) {
		it->token = JSON_REAL;
		r = real(j, it->raw, it->rawlen, &it->real);
		if (r < 0)
			return fail(j, r);
	}
	j->p = end;
	value_done(j);
	return 0;
}

static int
word(struct json *j, struct json_item *it)
{
	static const struct {
		const char *text;
		enum json_token token;
	} words[] = {
		{ "true", JSON_TRUE },
		{ "false", JSON_FALSE },
		{ "null", JSON_NULL },
	};
	size_t i, n, left = (size_t)(j->end - j->p);

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		n = strlen(words[i].text);
		if (left >= n && memcmp(j->p, words[i].text, n) == 0) {
			it->token = words[i].token;
			j->p += n;
			value_done(j);
			return 0;
		}
	}
	return fail(j, ERR_PROTO);
}

static int
value(struct json *j, struct json_item *it)
{
	int r;

	switch (*j->p) {
	case '{':
		return open_kind(j, it, JSON_OBJ);
	case '[':
		return open_kind(j, it, JSON_ARR);
	case '"':
		r = string(j, it, JSON_STR);
		value_done(j);
		return r;
	case 't':
	case 'f':
	case 'n':
		return word(j, it);
	}
	return number(j, it);
}

static int
key(struct json *j, struct json_item *it)
{
	if (*j->p != '"')
		return fail(j, ERR_PROTO);
	if (string(j, it, JSON_KEY) < 0)
		return j->err;
	skip_blank(j);
	if (j->p == j->end || *j->p != ':')
		return fail(j, ERR_PROTO);
	j->p++;
	j->state = WANT_VALUE;
	return 0;
}

int
json_next(struct json *j, struct json_item *it)
{
	*it = (struct json_item){ .token = JSON_END };
	if (j->err)
		return j->err;
	skip_blank(j);
	if (j->p == j->end)
		return j->state == WANT_NOTHING ? 0 : fail(j, ERR_PROTO);
	if (j->state != WANT_VALUE && j->state != WANT_KEY && j->depth &&
	    *j->p == (j->kind[j->depth - 1] == JSON_OBJ ? '}' : ']'))
		return close_kind(j, it);
	if (j->state == WANT_COMMA_OR_END && *j->p == ',') {
		j->p++;
		j->state = j->kind[j->depth - 1] == JSON_OBJ ? WANT_KEY
							     : WANT_VALUE;
		skip_blank(j);
		if (j->p == j->end)
			return fail(j, ERR_PROTO);
	}
	switch (j->state) {
	case WANT_VALUE:
	case WANT_VALUE_OR_END:
		return value(j, it);
	case WANT_KEY:
	case WANT_KEY_OR_END:
		return key(j, it);
	}
	return fail(j, ERR_PROTO);
}

int
json_skip(struct json *j)
{
	unsigned depth = j->depth;
	struct json_item it;
	int r;

	do
		r = json_next(j, &it);
	while (r == 0 && j->depth > depth);
	return r;
}

size_t
json_line(const struct json *j)
{
	const char *p = j->start;
	size_t line = 1;

	while ((p = memchr(p, '\n', (size_t)(j->p - p))) != NULL) {
		line++;
		p++;
	}
	return line;
}
