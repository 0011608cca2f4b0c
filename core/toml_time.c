// SPDX-License-Identifier: MIT
/* TOML's dates and times are RFC 3339's, whole or in part. */
#include "core/toml_read.h"

#include <string.h>

#include "core/mem.h"

struct reader {
	const char *p, *end;
};

static bool
number(struct reader *r, int digits, int low, int high, int *to)
{
	*to = 0;
	for (; digits > 0; digits--, r->p++) {
		if (r->p == r->end || *r->p < '0' || *r->p > '9')
			return false;
		*to = *to * 10 + (*r->p - '0');
	}
	return *to >= low && *to <= high;
}

static bool
take(struct reader *r, const char *any)
{
	if (r->p == r->end || !*r->p || !strchr(any, *r->p))
		return false;
	r->p++;
	return true;
}

static bool
date(struct reader *r)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int year, month, day;
	bool leap;

	if (!number(r, 4, 0, 9999, &year) || !take(r, "-") ||
	    !number(r, 2, 1, 12, &month) || !take(r, "-") ||
	    !number(r, 2, 1, 31, &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (leap && month == 2);
}

static bool
clock_time(struct reader *r)
{
	const char *from;
	int part;

	if (!number(r, 2, 0, 23, &part) || !take(r, ":") ||
	    !number(r, 2, 0, 59, &part) || !take(r, ":") ||
	    !number(r, 2, 0, 60, &part)) /* 60: a leap second */
		return false;
	if (!take(r, "."))
		return true;
	for (from = r->p; take(r, "0123456789");)
		;
	return r->p > from;
}

static bool
offset(struct reader *r, bool *there)
{
	int part;

	*there = true;
	if (take(r, "Zz"))
		return true;
	if (take(r, "+-"))
		return number(r, 2, 0, 23, &part) && take(r, ":") &&
		    number(r, 2, 0, 59, &part);
	*there = false;
	return true;
}

/* Reads as far as it goes. */
static bool
read_time(struct reader *r, enum value_time *kind)
{
	bool there;

	if (r->end - r->p > 2 && r->p[2] == ':') {
		*kind = TIME_CLOCK;
		return clock_time(r);
	}
	*kind = TIME_DATE;
	if (!date(r))
		return false;
	if (r->p == r->end || !strchr("Tt ", *r->p))
		return true;
	if (*r->p == ' ' && (r->end - r->p < 2 || r->p[1] < '0' ||
	    r->p[1] > '9'))
		return true; /* the blank is only a blank */
	r->p++;
	if (!clock_time(r) || !offset(r, &there))
		return false;
	*kind = there ? TIME_OFFSET : TIME_LOCAL;
	return true;
}

bool
toml_is_time(const char *word, size_t n)
{
	size_t i = 0;

	while (i < n && word[i] >= '0' && word[i] <= '9')
		i++;
	return i < n && ((i == 4 && word[i] == '-') ||
	    (i == 2 && word[i] == ':'));
}

struct value *
toml_time(struct toml *t)
{
	struct reader r = { t->p, t->end };
	enum value_time kind;
	struct value *v;

	if (!read_time(&r, &kind)) {
		toml_fail(t, "there is no such date or time");
		return NULL;
	}
	v = value_new(VALUE_TIME, t->line);
	v->time = kind;
	v->textlen = (size_t)(r.p - t->p);
	v->text = mem_dupn(t->p, v->textlen);
	t->p = r.p;
	return v;
}
