// SPDX-License-Identifier: MIT
/* The settings of a person: rows that fill the tables of each kind. */
#include "core/people.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/people_check.h"
#include "core/pins_value.h"
#include "core/plain.h"
#include "core/value.h"

#define REASONS 20 /* told of one file */

enum kind { STR, SECRET, BOOL, PORT, PINS, STRS };

struct row {
	const char *key; /* NULL ends the rows */
	enum kind kind;
	size_t at;
};

struct reader {
	struct people *to;
	const char *file;
	struct buf *why;
	unsigned wrong;
};

/* A kind of tables: [one] is that without a name, [many.NAME] the others.
 * Each struct begins with its name. */
struct noun {
	const char *one, *many;
	const struct row *rows;
	size_t size, list, count;
	void (*prepare)(void *item);
	people_check *check;
};

#define AT(field) offsetof(struct people_bastion, field)
static const struct row bastion_rows[] = {
	{ "server", STR, AT(server) },
	{ "token", SECRET, AT(token) },
	{ "tokenFile", STR, AT(token_file) },
	{ "pin", PINS, AT(pin) },
	{ "trustedCaFile", STR, AT(ca) },
	{ "user", STR, AT(user) },
	{ "tls", BOOL, AT(tls) },
	{ "protocol", STR, AT(protocol) },
	{ "proxyURL", STR, AT(proxy_url) },
	{ "tcpMux", BOOL, AT(tcp_mux) },
	{ 0 },
};
#undef AT

#define AT(field) offsetof(struct people_worker, field)
static const struct row worker_rows[] = {
	{ "secret", SECRET, AT(secret) },
	{ "secretFile", STR, AT(secret_file) },
	{ "bastion", STR, AT(bastion) },
	{ "serverUser", STR, AT(server_user) },
	{ "sshUser", STR, AT(ssh_user) },
	{ "sshPort", PORT, AT(ssh_port) },
	{ "sshKey", STR, AT(ssh_key) },
	{ 0 },
};
#undef AT

#define AT(field) offsetof(struct people_tunnel, field)
static const struct row tunnel_rows[] = {
	{ "to", STR, AT(to) },
	{ "ssh", STR, AT(ssh) },
	{ "key", STR, AT(key) },
	{ "jump", STR, AT(jump) },
	{ "local", STRS, AT(local) },
	{ "dynamic", STRS, AT(dynamic) },
	{ "remote", STRS, AT(remote) },
	{ "autoPort", BOOL, AT(auto_port) },
	{ 0 },
};
#undef AT

static void
prepare_bastion(void *item)
{
	struct people_bastion *b = item;

	b->tls = b->tcp_mux = true;
}

#define NOUN(one_, many_, type_)                                        \
	.one = one_, .many = many_ "s", .rows = type_##_rows,           \
	.size = sizeof(struct people_##type_),                          \
	.list = offsetof(struct people, type_##s),                      \
	.count = offsetof(struct people, n##type_##s),                  \
	.check = people_check_##type_

static const struct noun nouns[] = {
	{ NOUN("bastion", "bastion", bastion), .prepare = prepare_bastion },
	{ NOUN(NULL, "worker", worker) },
	{ NOUN(NULL, "tunnel", tunnel) },
};
#define NOUNS (sizeof(nouns) / sizeof(*nouns))

/* One reason more; what a key holds may be anything. */
static void
wrong(struct reader *r, unsigned line, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (r->wrong++ >= REASONS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(r->why, "%s%s:", buf_len(r->why) ? "\n" : "", r->file);
	if (line)
		buf_printf(r->why, "%u:", line);
	buf_puts(r->why, " ");
	plain_put(r->why, text);
}

/* Texts end up on command lines, in lines for people and in files of others:
 * none has a place for these. */
static bool
has_control(const struct value *v)
{
	size_t i;

	for (i = 0; i < v->textlen; i++)
		if ((unsigned char)v->text[i] < ' ' || v->text[i] == 0x7f)
			return true;
	return false;
}

static char *
take_text(struct reader *r, const struct value *v, const char *at)
{
	if (v->type != VALUE_STR)
		wrong(r, v->line, "%s is a text in quotes", at);
	else if (!v->textlen || has_control(v))
		wrong(r, v->line, "%s %s", at, v->textlen ?
		    "has a control character in it" : "is empty");
	else
		return mem_dup(v->text);
	return NULL;
}

static void
take_texts(struct reader *r, const struct value *v, const char *at,
    struct strings *to)
{
	size_t i;

	if (v->type != VALUE_LIST) {
		wrong(r, v->line, "%s is a list of texts, as in [\"8000\"]",
		    at);
		return;
	}
	to->v = mem_zero(v->n * sizeof(*to->v));
	for (i = 0; i < v->n; i++) {
		to->v[to->n] = take_text(r, v->list[i], at);
		to->n += to->v[to->n] != NULL;
	}
}

static void
take_value(struct reader *r, const struct row *row, const struct value *v,
    const char *at, void *field)
{
	const char *bad;

	switch (row->kind) {
	case SECRET:
		r->to->secrets = true;
		/* fall through */
	case STR:
		*(char **)field = take_text(r, v, at);
		break;
	case BOOL:
		if (v->type != VALUE_BOOL)
			wrong(r, v->line, "%s is true or false", at);
		*(bool *)field = v->boolean;
		break;
	case PORT:
		if (v->type != VALUE_INT || v->integer < 1 ||
		    v->integer > 65535)
			wrong(r, v->line, "%s is a port from 1 to 65535", at);
		else
			*(int64_t *)field = v->integer;
		break;
	case PINS:
		bad = pins_value(field, v);
		if (bad)
			wrong(r, v->line, "%s: %s", at, bad);
		break;
	case STRS:
		take_texts(r, v, at, field);
		break;
	}
}

static void
unknown(struct reader *r, const struct row *row, unsigned line,
    const char *where, const char *key)
{
	struct buf known = { 0 };
	const struct row *k;

	for (k = row; k->key; k++)
		buf_printf(&known, "%s%s", k == row ? "" : ", ", k->key);
	wrong(r, line, "unknown key '%.60s' in %s; there are %s", key, where,
	    buf_text(&known));
	buf_free(&known);
}

static void
take_item(struct reader *r, const struct noun *of, const struct value *v,
    const char *where, char *item)
{
	const char *problem;
	const struct row *row;
	char at[200];
	size_t i;

	for (i = 0; i < v->n; i++) {
		for (row = of->rows; row->key; row++)
			if (strcmp(row->key, v->keys[i]) == 0)
				break;
		snprintf(at, sizeof(at), "'%s' in %s", v->keys[i], where);
		if (row->key)
			take_value(r, row, v->list[i], at, item + row->at);
		else
			unknown(r, of->rows, v->list[i]->line, where,
			    v->keys[i]);
	}
	problem = r->wrong ? NULL : of->check(item);
	if (problem)
		wrong(r, v->line, "%s: %s", where, problem);
}

/* A new one at the end of its list. */
static void
add(struct reader *r, const struct noun *of, const char *name,
    const struct value *v)
{
	char **list = (char **)(void *)((char *)r->to + of->list), *item;
	size_t *n = (size_t *)(void *)((char *)r->to + of->count);
	char where[PEOPLE_NAME + 40];

	snprintf(where, sizeof(where), name ? "[%s.%.*s]" : "[%s]",
	    name ? of->many : of->one, PEOPLE_NAME, name ? name : "");
	if (name && !people_is_name(name)) {
		wrong(r, v->line, "%s: a name has up to %d letters, digits, "
		    "'.', '_' and '-'", where, PEOPLE_NAME);
		return;
	}
	if (v->type != VALUE_TABLE) {
		wrong(r, v->line, "%s is a table", where);
		return;
	}
	*list = mem_grow(*list, (*n + 1) * of->size);
	item = *list + (*n)++ * of->size;
	memset(item, 0, of->size);
	*(char **)(void *)item = mem_dup(name);
	if (of->prepare)
		of->prepare(item);
	take_item(r, of, v, where, item);
}

static void
take_top(struct reader *r, const char *key, const struct value *v)
{
	const struct noun *of;
	size_t i;

	for (of = nouns; of < nouns + NOUNS; of++) {
		if (of->one && strcmp(of->one, key) == 0) {
			add(r, of, NULL, v);
			return;
		}
		if (strcmp(of->many, key) != 0)
			continue;
		if (v->type != VALUE_TABLE)
			wrong(r, v->line, "'%s' holds tables, as in [%s.NAME]",
			    key, key);
		for (i = 0; v->type == VALUE_TABLE && i < v->n; i++)
			add(r, of, v->keys[i], v->list[i]);
		return;
	}
	wrong(r, v->line, "unknown key '%.60s'; there are bastion, bastions, "
	    "workers and tunnels", key);
}

static bool
has_password(const char *url)
{
	return url && strchr(url, '@');
}

/* What one table says of another. */
static void
check_whole(struct reader *r)
{
	struct people *p = r->to;
	size_t i;

	for (i = 0; i < p->nbastions; i++)
		p->secrets |= has_password(p->bastions[i].proxy_url);
	for (i = 0; i < p->nworkers; i++) {
		const struct people_worker *w = &p->workers[i];

		if (w->bastion && !people_bastion(p, w->bastion))
			wrong(r, 0, "[workers.%s]: there is no "
			    "[bastions.%.100s]", w->name, w->bastion);
	}
}

int
people_read(struct people *p, const char *text, size_t n, const char *file,
    struct buf *why)
{
	struct reader r = { .to = p, .file = file, .why = why };
	struct value_error e;
	struct value *tree = toml_parse(text, n, &e);
	size_t i;

	*p = (struct people){ 0 };
	if (!tree) {
		buf_printf(why, "%s:%u:%u: %s", file, e.line, e.column,
		    e.text);
		return ERR_PROTO;
	}
	for (i = 0; i < tree->n; i++)
		take_top(&r, tree->keys[i], tree->list[i]);
	if (!r.wrong)
		check_whole(&r);
	value_free(tree);
	if (!r.wrong)
		return 0;
	people_release(p);
	return ERR_PROTO;
}

static void
release_item(const struct row *row, char *item)
{
	struct strings *s;

	free(*(char **)(void *)item);
	for (; row->key; row++) {
		if (row->kind == STR || row->kind == SECRET ||
		    row->kind == PINS)
			mem_free_secret(*(char **)(void *)(item + row->at));
		if (row->kind != STRS)
			continue;
		s = (struct strings *)(void *)(item + row->at);
		while (s->n)
			free(s->v[--s->n]);
		free(s->v);
	}
}

void
people_release(struct people *p)
{
	const struct noun *of;

	for (of = nouns; of < nouns + NOUNS; of++) {
		char *list = *(char **)(void *)((char *)p + of->list);
		size_t n = *(size_t *)(void *)((char *)p + of->count);

		while (n)
			release_item(of->rows, list + --n * of->size);
		free(list);
	}
	*p = (struct people){ 0 };
}
