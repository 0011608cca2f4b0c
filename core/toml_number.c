// SPDX-License-Identifier: MIT
#include "core/toml_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes out underscores, each of which must stand between two digits. */
static char *
without_underscores(const char *word, size_t n)
{
	const char *set = n > 1 && word[1] == 'x' ? "0123456789abcdefABCDEF"
						  : "0123456789";
	char *text = mem_zero(n + 1);
	size_t i, at = 0;

	for (i = 0; i < n; i++) {
		if (word[i] != '_') {
			text[at++] = word[i];
			continue;
		}
		if (i == 0 || i + 1 == n || !strchr(set, word[i - 1]) ||
		    !strchr(set, word[i + 1])) {
			free(text);
			return NULL;
		}
	}
	return text;
}

static int
digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* 1 when text is an integer, 0 when it is none, -1 when it is too large. */
static int
integer(const char *text, int64_t *to)
{
	bool minus = *text == '-', fits = true;
	int base = 10;
	int64_t v = 0;

	if (*text == '+' || *text == '-')
		text++;
	else if (text[0] == '0' && text[1] && strchr("xob", text[1])) {
		base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
		text += 2;
	}
	if (!*text || (base == 10 && text[0] == '0' && text[1]))
		return 0;
	for (; *text; text++) {
		int digit = digit_of(*text);

		if (digit >= base)
			return 0;
		fits = fits && !__builtin_mul_overflow(v, base, &v) &&
		    !__builtin_add_overflow(v, minus ? -digit : digit, &v);
	}
	*to = v;
	return fits ? 1 : -1;
}

static const char *
digits(const char *p)
{
	while (is_digit(*p))
		p++;
	return p;
}

static bool
real(const char *text, double *to)
{
	const char *p = text, *from;

	p += *p == '+' || *p == '-';
	if (strcmp(p, "inf") == 0 || strcmp(p, "nan") == 0) {
		*to = *p == 'i' ? INFINITY : NAN;
		if (*text == '-')
			*to = -*to;
		return true;
	}
	from = p;
	p = digits(p);
	if (p == from || (*from == '0' && p - from > 1))
		return false;
	if (*p == '.') {
		from = ++p;
		p = digits(p);
		if (p == from)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		from = p;
		p = digits(p);
		if (p == from)
			return false;
	}
	*to = strtod(text, NULL);
	return !*p;
}

struct value *
toml_number(struct toml *t, const char *word, size_t n)
{
	char *text = without_underscores(word, n);
	struct value *v = NULL;
	int64_t whole = 0;
	double number;
	int r;

	r = text ? integer(text, &whole) : 0;
	if (r > 0) {
		v = value_new(VALUE_INT, t->line);
		v->integer = whole;
	} else if (r < 0) {
		toml_fail(t, "the integer %.*s is too large", (int)n, word);
	} else if (text && real(text, &number)) {
		v = value_new(VALUE_REAL, t->line);
		v->real = number;
	} else if (n && (is_digit(*word) || strchr("+-.", *word))) {
		toml_fail(t, "'%.*s' is no number; text needs quotes",
		    (int)(n > 60 ? 60 : n), word);
	} else if (n) {
		toml_fail(t, "'%.*s' is no value; text needs quotes",
		    (int)(n > 60 ? 60 : n), word);
	} else {
		toml_fail(t, "a value is missing here");
	}
	free(text);
	return v;
}
