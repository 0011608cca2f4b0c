// SPDX-License-Identifier: MIT
/* Walks argv along the rows.  Values are read in opt_kind.c. */
#include "cmd/opt.h"

#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/mem.h"

union scratch { /* a value that only gets checked */
	char *text;
	bool yes;
	int64_t number;
	struct strings list;
	struct pairs pairs;
	struct ranges ranges;
};

static bool
same_name(const char *name, const char *typed, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char c = typed[i] == '_' ? '-' : typed[i];

		if (name[i] != c) /* also where name ends */
			return false;
	}
	return name[n] == '\0';
}

static const struct opt *
find_name(const struct opt *const *tables, const char *typed, size_t n)
{
	const struct opt *o;

	for (; *tables; tables++)
		for (o = *tables; o->name; o++)
			if (same_name(o->name, typed, n))
				return o;
	return NULL;
}

static const struct opt *
find_letter(const struct opt *const *tables, char letter)
{
	const struct opt *o;

	for (; *tables; tables++)
		for (o = *tables; o->name; o++)
			if (o->letter == letter)
				return o;
	return NULL;
}

static bool
given_before(const struct opt_result *r, const struct opt *o)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->given[i].opt == o)
			return true;
	return false;
}

/* Is the value of a refused option the one it has anyway? */
static int
check_later(const struct opt *o, const char *text, bool *preset,
    struct buf *why)
{
	const char *usual = o->preset ? o->preset : "";
	union scratch value, want;
	int r;

	memset(&value, 0, sizeof(value));
	memset(&want, 0, sizeof(want));
	r = o->kind->set(&value, text, false, why);
	if (r == 0 && !o->kind->drop) {
		r = o->kind->set(&want, usual, false, why);
		/* both were zeroed whole */
		*preset = memcmp(&value, &want, /* NOLINT(bugprone-*) */
			      sizeof(value)) == 0;
	} else {
		*preset = strcmp(text, usual) == 0;
	}
	if (o->kind->drop)
		o->kind->drop(&value);
	return r;
}

static int
set_value(struct opt_result *r, const struct opt *o, const char *typed,
    const char *text, void *record, struct buf *why)
{
	struct buf reason = { 0 };
	bool preset = true;
	int failed;

	if (o->later)
		failed = check_later(o, text, &preset, &reason);
	else if (strcmp(o->name, "help") == 0)
		failed = o->kind->set(&r->help, text, false, &reason);
	else
		failed = o->kind->set((char *)record + o->at, text,
		    given_before(r, o), &reason);
	if (failed < 0) {
		buf_puts(why, "invalid argument ");
		opt_quote(why, text);
		if (o->letter)
			buf_printf(why, " for \"-%c, --%s\" flag: %s",
			    o->letter, o->name, buf_text(&reason));
		else
			buf_printf(why, " for \"--%s\" flag: %s", o->name,
			    buf_text(&reason));
		buf_free(&reason);
		return -1;
	}
	buf_free(&reason);
	r->given = mem_slot(r->given, r->n, &r->cap, sizeof(*r->given));
	r->given[r->n++] = (struct opt_given){ o, typed };
	if (!preset && buf_len(&r->refused) == 0) {
		opt_put_typed(&r->refused, &r->given[r->n - 1]);
		buf_printf(&r->refused, " (%s)", o->later);
	}
	return 0;
}

/* --name, --name=value, --name value */
static int
take_long(const struct opt *const *tables, char *const **argv, void *record,
    struct opt_result *r, struct buf *why)
{
	const char *arg = *(*argv)++, *name = arg + 2;
	const char *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const struct opt *o;
	const char *text;

	if (n == 0 || *name == '-') {
		buf_printf(why, "bad flag syntax: %s", arg);
		return -1;
	}
	o = find_name(tables, name, n);
	if (!o) {
		buf_printf(why, "unknown flag: --%.*s", (int)n, name);
		return -1;
	}
	if (equals)
		text = equals + 1;
	else if (o->kind->bare)
		text = o->kind->bare;
	else if (**argv)
		text = *(*argv)++;
	else {
		buf_printf(why, "flag needs an argument: %s", arg);
		return -1;
	}
	return set_value(r, o, arg, text, record, why);
}

/* -x, -xyz, -xVALUE, -x=VALUE, -x VALUE */
static int
take_short(const struct opt *const *tables, char *const **argv, void *record,
    struct opt_result *r, struct buf *why)
{
	const char *arg = *(*argv)++, *p, *text;
	const struct opt *o;

	for (p = arg + 1; *p; p++) {
		o = find_letter(tables, *p);
		if (!o) {
			buf_printf(why, "unknown shorthand flag: '%c' in -%s",
			    *p, p);
			return -1;
		}
		if (p[1] == '=' && p[2])
			text = p + 2;
		else if (o->kind->bare)
			text = NULL;
		else if (p[1])
			text = p + 1;
		else if (**argv)
			text = *(*argv)++;
		else {
			buf_printf(why, "flag needs an argument: '%c' in -%s",
			    *p, p);
			return -1;
		}
		if (set_value(r, o, arg, text ? text : o->kind->bare, record,
			why) < 0)
			return -1;
		if (text)
			break;
	}
	return 0;
}

static void
keep_word(struct opt_result *r, char *word)
{
	r->words = mem_slot(r->words, r->nwords, &r->wordcap, sizeof(char *));
	r->words[r->nwords++] = word;
}

int
opt_parse(const struct opt *const *tables, char *const *argv, void *record,
    struct opt_result *r, struct buf *why)
{
	bool ended = false;
	int failed = 0;

	while (*argv && failed == 0) {
		const char *arg = *argv;

		if (strcmp(arg, "--") == 0) {
			ended = true;
			r->before = r->nwords;
			for (argv++; *argv; argv++)
				keep_word(r, *argv);
		} else if (arg[0] != '-' || !arg[1]) {
			keep_word(r, *argv++);
		} else if (arg[1] == '-') {
			failed = take_long(tables, &argv, record, r, why);
		} else {
			failed = take_short(tables, &argv, record, r, why);
		}
	}
	if (!ended)
		r->before = r->nwords;
	return failed;
}

enum opt_after
opt_after(const struct opt *const *tables, const char *arg)
{
	const struct opt *o;

	if (arg[0] != '-' || !arg[1])
		return OPT_WORD;
	if (strcmp(arg, "--") == 0)
		return OPT_END;
	if (strchr(arg, '='))
		return OPT_ALONE;
	if (arg[1] == '-')
		o = find_name(tables, arg + 2, strlen(arg + 2));
	else if (arg[2])
		return OPT_ALONE;
	else
		o = find_letter(tables, arg[1]);
	return o && o->kind->bare ? OPT_ALONE : OPT_TAKES;
}

void
opt_presets(const struct opt *const *tables, void *record)
{
	struct buf why = { 0 };
	const struct opt *o;

	for (; *tables; tables++)
		for (o = *tables; o->name; o++)
			if (o->preset && !o->later)
				o->kind->set((char *)record + o->at, o->preset,
				    false, &why);
	buf_free(&why);
}

void
opt_release(const struct opt *const *tables, void *record)
{
	const struct opt *o;

	for (; *tables; tables++)
		for (o = *tables; o->name; o++)
			if (o->kind->drop && !o->later)
				o->kind->drop((char *)record + o->at);
}

bool
opt_was_given(const struct opt_result *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->given[i].opt->name, name) == 0)
			return true;
	return false;
}

void
opt_put_typed(struct buf *b, const struct opt_given *g)
{
	if (g->typed[1] == '-')
		buf_put(b, g->typed, strcspn(g->typed, "="));
	else
		buf_printf(b, "-%c", g->opt->letter);
}

void
opt_result_release(struct opt_result *r)
{
	free(r->given);
	free(r->words);
	buf_free(&r->refused);
	*r = (struct opt_result){ 0 };
}
