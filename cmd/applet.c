// SPDX-License-Identifier: MIT
/* From argv to the command that is meant: finding it, its help, its
 * misuse.  Streams and exit codes are frp's. */
#include "cmd/applet.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/say.h"
#include "core/mem.h"

#define DEPTH 4 /* words from the applet down to a command */
#define NAME_WIDTH 11

static const struct opt help_rows[] = {
	{ .letter = 'h', .name = "help", .help = "print this help",
	  .kind = &opt_bool },
	{ 0 },
};

struct path { /* the commands from the applet's root to the one called */
	const struct command *at[DEPTH];
	size_t n;
};

#define APPLET_ROW(name_) &applet_##name_,
const struct applet *const applets[] = { APPLETS(APPLET_ROW) NULL };

const struct applet *
applet_find(const char *name)
{
	const struct applet *const *a;
	const char *const *alias;

	for (a = applets; *a; a++) {
		if (strcmp((*a)->root.name, name) == 0)
			return *a;
		for (alias = (*a)->aliases; *alias; alias++)
			if (strcmp(*alias, name) == 0)
				return *a;
	}
	return NULL;
}

const struct command *
applet_command(const struct command *list, const char *name)
{
	for (; list && list->name; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

bool
applet_near(const char *name, const char *typed)
{
	size_t n = strlen(name), m = strlen(typed), i, j;
	unsigned row[65], above, left;

	if (m && strncasecmp(name, typed, m) == 0)
		return true;
	if (n > 64 || m > 64)
		return false;
	for (j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= m; i++) {
		left = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			left += tolower((unsigned char)name[j - 1]) !=
			    tolower((unsigned char)typed[i - 1]);
			if (above + 1 < left)
				left = above + 1;
			if (row[j - 1] + 1 < left)
				left = row[j - 1] + 1;
			row[j] = left;
			left = above;
		}
	}
	return row[n] <= 2;
}

void
applet_tables(const struct applet *a, const struct command *c, bool global,
    const struct opt **to)
{
	size_t i, n = 0;

	for (i = 0; i < sizeof(c->opts) / sizeof(*c->opts); i++)
		if (c->opts[i])
			to[n++] = c->opts[i];
	to[n++] = help_rows;
	if (global && a->opts)
		to[n++] = a->opts;
	to[n] = NULL;
}

static void
put_path(struct buf *b, const struct path *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		buf_printf(b, "%s%s", i ? " " : "", p->at[i]->name);
}

static void
put_usage(struct buf *b, const struct applet *a, const struct path *p)
{
	const struct opt *tables[OPT_TABLES + 1], *global[] = { a->opts, NULL };
	const struct command *c = p->at[p->n - 1], *sub;

	buf_puts(b, "Usage:\n  ");
	put_path(b, p);
	buf_printf(b, "%s%s [flags]\n", c->words ? " " : "",
	    c->words ? c->words : "");
	if (c->commands) {
		buf_puts(b, "  ");
		put_path(b, p);
		buf_puts(b, " [command]\n\nAvailable Commands:\n");
		for (sub = c->commands; sub->name; sub++) {
			if (sub->hidden)
				continue;
			buf_printf(b, "  %-*s %s%s\n", NAME_WIDTH, sub->name,
			    sub->brief,
			    sub->later ? " (not supported yet)" : "");
		}
	}
	applet_tables(a, c, p->n == 1, tables);
	buf_puts(b, "\nFlags:\n");
	opt_help(b, tables);
	if (p->n > 1 && a->opts) {
		buf_puts(b, "\nGlobal Flags:\n");
		opt_help(b, global);
	}
	if (c->commands) {
		buf_puts(b, "\nUse \"");
		put_path(b, p);
		buf_puts(b, " [command] --help\" for more information about a "
		    "command.\n");
	}
}

static int
show_help(const struct applet *a, const struct path *p)
{
	struct buf b = { 0 };

	buf_printf(&b, "%s\n\n", p->at[p->n - 1]->brief);
	put_usage(&b, a, p);
	fputs(buf_text(&b), stdout);
	buf_free(&b);
	return 0;
}

static int
misuse(const struct applet *a, const struct path *p, struct buf *why)
{
	struct buf b = { 0 };

	put_usage(&b, a, p);
	say_error(buf_text(why));
	fprintf(stderr, "%s\n", buf_text(&b));
	buf_free(&b);
	return a->misuse;
}

static int
unknown(const struct applet *a, const struct command *of, const char *word)
{
	const struct command *c;
	bool any = false;

	say_line(stderr, "Error: unknown command \"%s\" for \"%s\"", word,
	    of->name);
	for (c = of->commands; c->name; c++) {
		if (c->hidden || !applet_near(c->name, word))
			continue;
		fprintf(stderr, "%s\t%s\n",
		    any ? "" : "\nDid you mean this?\n", c->name);
		any = true;
	}
	fprintf(stderr, "%sRun '%s --help' for usage.\n", any ? "\n" : "",
	    a->root.name);
	return a->misuse;
}

/* The first word of rest, in the eyes of the command reached so far. */
static char **
first_word(const struct applet *a, const struct path *p, char **rest)
{
	const struct opt *tables[OPT_TABLES + 1];

	applet_tables(a, p->at[p->n - 1], true, tables);
	for (; *rest; rest++) {
		switch (opt_after(tables, *rest)) {
		case OPT_WORD:
			return rest;
		case OPT_END:
			return NULL;
		case OPT_TAKES:
			if (!*++rest)
				return NULL;
			break;
		case OPT_ALONE:
			break;
		}
	}
	return NULL;
}

/* Options may stand before the command's name.  The names are taken out of
 * rest; what is returned is a word that should have been one. */
static const char *
walk(const struct applet *a, struct path *p, char **rest)
{
	const struct command *c;
	char **word;

	while (p->n < DEPTH && p->at[p->n - 1]->commands) {
		word = first_word(a, p, rest);
		if (!word)
			break;
		c = applet_command(p->at[p->n - 1]->commands, *word);
		if (!c)
			return p->n == 1 ? *word : NULL;
		p->at[p->n++] = c;
		for (; *word; word++)
			word[0] = word[1];
	}
	return NULL;
}

static const struct command *
later_part(const struct path *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->at[i]->later)
			return p->at[i];
	return NULL;
}

static int
refuse(const char *what)
{
	fputs("not supported yet: ", stderr);
	say_lines(stderr, what);
	return 1;
}

bool
applet_refused(const struct call *c)
{
	struct buf text = { 0 };

	if (buf_len(&c->given->refused) == 0)
		return false;
	buf_put(&text, buf_peek(&c->given->refused),
	    buf_len(&c->given->refused));
	refuse(buf_text(&text));
	buf_free(&text);
	return true;
}

int
applet_misuse(const struct call *c, const char *why)
{
	say_error(why);
	fprintf(stderr, "Run 'culvert %s --help' for usage.\n",
	    c->applet->root.name);
	return c->applet->misuse;
}

static int
run(const struct applet *a, const struct path *p, char *const *rest,
    char *const *env)
{
	const struct opt *tables[OPT_TABLES + 1];
	const struct command *late = later_part(p);
	void *record = mem_zero(a->record);
	struct opt_result given = { 0 };
	struct buf why = { 0 };
	struct call call = { a, p->at[p->n - 1], record, &given, env };
	int r;

	applet_tables(a, p->at[p->n - 1], true, tables);
	if (a->prepare)
		a->prepare(record);
	opt_presets(tables, record);
	r = opt_parse(tables, rest, record, &given, &why);
	if (given.help)
		r = show_help(a, p);
	else if (late)
		r = refuse(late->later);
	else if (r < 0)
		r = misuse(a, p, &why);
	else if (call.command->run)
		r = call.command->run(&call);
	else if (given.nwords)
		r = unknown(a, call.command, given.words[0]);
	else
		r = show_help(a, p);
	if (a->release)
		a->release(record);
	opt_release(tables, record);
	opt_result_release(&given);
	buf_free(&why);
	free(record);
	return r;
}

/* The command that prints help does nothing else. */
static bool
is_help(const struct command *c)
{
	return !c->run && !c->later && !c->commands;
}

/* "help tcp" is "tcp --help". */
static int
help_for(const struct applet *a, char **words)
{
	struct path p = { { &a->root }, 1 };
	const struct command *c;

	for (; *words && **words != '-'; words++) {
		c = applet_command(p.at[p.n - 1]->commands, *words);
		if (!c || p.n == DEPTH)
			return unknown(a, &a->root, *words);
		p.at[p.n++] = c;
	}
	return show_help(a, &p);
}

int
applet_run(const struct applet *a, char *const *argv, char *const *env)
{
	struct path p = { { &a->root }, 1 };
	char **rest = NULL;
	const char *stray;
	size_t n = 0;
	int r;

	while (argv[n])
		n++;
	rest = mem_zero((n + 1) * sizeof(*rest));
	memcpy(rest, argv, n * sizeof(*rest));
	stray = walk(a, &p, rest);
	if (stray)
		r = unknown(a, &a->root, stray);
	else if (is_help(p.at[p.n - 1]))
		r = help_for(a, rest);
	else
		r = run(a, &p, rest, env);
	free(rest);
	return r;
}
