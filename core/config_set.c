// SPDX-License-Identifier: MIT
#include "core/config_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/pins_value.h"

int
config_int(struct config_reader *r, const struct value *v, const char *path,
    int64_t *to)
{
	if (v->type == VALUE_REAL && r->real_ints && v->real == floor(v->real))
		*to = fabs(v->real) < 1e15 ? (int64_t)v->real : INT64_MAX;
	else if (v->type == VALUE_INT)
		*to = v->integer;
	else
		return config_type_error(r, v, path, "int");
	if (*to < -INT32_MAX || *to > INT32_MAX)
		return config_fail(r, v, "'%s' is out of range", path);
	return 0;
}

int
config_str(struct config_reader *r, const struct value *v, const char *path,
    char **to)
{
	if (v->type != VALUE_STR)
		return config_type_error(r, v, path, "string");
	if (strlen(v->text) != v->textlen)
		return config_fail(r, v, "'%s' has a NUL in it", path);
	mem_free_secret(*to);
	*to = mem_dup(v->text);
	return 0;
}

bool
config_is_choice(const char *invalid, const char *word)
{
	const char *p = strchr(invalid, '[');
	size_t n, len;

	if (!word)
		return false;
	n = strlen(word);
	while (p && *p && *p != ']') {
		p++;
		len = strcspn(p, " ]");
		if (len == n && memcmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

void
config_strings_release(struct strings *s)
{
	while (s->n)
		free(s->v[--s->n]);
	free(s->v);
	*s = (struct strings){ 0 };
}

void
config_pairs_release(struct pairs *p)
{
	while (p->n) {
		p->n--;
		free(p->v[2 * p->n]);
		free(p->v[2 * p->n + 1]);
	}
	free(p->v);
	*p = (struct pairs){ 0 };
}

static int
set_strings(struct config_reader *r, const struct value *v, const char *path,
    struct strings *to)
{
	struct strings s = { 0 };
	int err = 0;

	if (v->type != VALUE_LIST)
		return config_type_error(r, v, path, "[]string");
	s.v = mem_zero(v->n * sizeof(*s.v));
	for (; err == 0 && s.n < v->n; s.n++)
		err = config_str(r, v->list[s.n], path, &s.v[s.n]);
	if (err < 0)
		config_strings_release(&s);
	config_strings_release(to);
	*to = s;
	return err;
}

static int
set_pins(struct config_reader *r, const struct value *v, const char *path,
    char **to)
{
	const char *why;

	if (v->type != VALUE_LIST)
		return config_str(r, v, path, to);
	mem_free_secret(*to);
	why = pins_value(to, v);
	return why ? config_fail(r, v, "'%s': %s", path, why) : 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
set_pairs(struct config_reader *r, const struct value *v, const char *path,
    struct pairs *to)
{
	struct pairs p = { 0 };
	int err = 0;

	if (v->type != VALUE_TABLE)
		return config_type_error(r, v, path, "map[string]string");
	p.v = mem_zero(2 * v->n * sizeof(*p.v));
	for (; err == 0 && p.n < v->n; p.n++) {
		p.v[2 * p.n] = mem_dup(v->keys[p.n]);
		err = config_str(r, v->list[p.n], path, &p.v[2 * p.n + 1]);
	}
	if (p.n)
		qsort(p.v, p.n, 2 * sizeof(*p.v), by_name);
	config_pairs_release(to);
	*to = p;
	return err;
}

static int
set_range(struct config_reader *r, const struct value *v, const char *path,
    struct ranges *to)
{
	static const char *const keys[] = { "start", "end", "single" };
	int64_t number[3] = { 0 };
	size_t i, k;

	if (v->type != VALUE_TABLE)
		return config_type_error(r, v, path, "types.PortsRange");
	for (i = 0; i < v->n; i++) {
		for (k = 0; k < 3 && strcasecmp(v->keys[i], keys[k]); k++)
			;
		if (k == 3) {
			if (config_unknown(r, v->list[i], v->keys[i]) < 0)
				return ERR_PROTO;
			continue;
		}
		if (v->list[i]->type != VALUE_NULL &&
		    config_int(r, v->list[i], path, &number[k]) < 0)
			return ERR_PROTO;
		if (number[k] < 0 || number[k] > 65535)
			config_problem(r->problems, "%s: port number %" PRId64
			    " must be in the range 0..65535", path, number[k]);
	}
	if (number[2])
		number[0] = number[1] = number[2];
	ranges_add(to, (int)number[0], (int)number[1]);
	return 0;
}

static int
set_ranges(struct config_reader *r, const struct value *v, const char *path,
    struct ranges *to)
{
	size_t i;

	if (v->type != VALUE_LIST)
		return config_type_error(r, v, path, "[]types.PortsRange");
	ranges_release(to);
	for (i = 0; i < v->n; i++)
		if (set_range(r, v->list[i], path, to) < 0)
			return ERR_PROTO;
	return 0;
}

static int
set_scopes(struct config_reader *r, const struct value *v, const char *path,
    struct auth_conf *to)
{
	struct strings s = { 0 };
	bool wrong = false;
	size_t i;

	if (set_strings(r, v, path, &s) < 0)
		return ERR_PROTO;
	to->heartbeats = to->new_work_conns = false;
	for (i = 0; i < s.n; i++)
		if (strcmp(s.v[i], "HeartBeats") == 0)
			to->heartbeats = true;
		else if (strcmp(s.v[i], "NewWorkConns") == 0)
			to->new_work_conns = true;
		else
			wrong = true;
	config_strings_release(&s);
	if (wrong)
		config_problem(r->problems, "invalid auth additional scopes, "
		    "optional values are [HeartBeats NewWorkConns]");
	return 0;
}

/* A value that is kept nowhere: the type counts, and for a feature that is
 * not there, whether it asks for it. */
static int
pass(struct config_reader *r, const struct config_row *row,
    const struct value *v)
{
	bool off = v->n == 0;
	char *text = NULL;
	int64_t n = 0;
	int err = 0;

	switch (row->kind) {
	case CONFIG_STR:
		err = config_str(r, v, row->path, &text);
		off = text && (!*text || (row->text && !strcmp(text,
		    row->text)));
		break;
	case CONFIG_INT:
	case CONFIG_PORT:
		err = config_int(r, v, row->path, &n);
		off = n == 0 || n == row->number;
		break;
	case CONFIG_BOOL:
		if (v->type != VALUE_BOOL)
			err = config_type_error(r, v, row->path, "bool");
		off = v->boolean == (row->number != 0);
		break;
	case CONFIG_OBJECT:
	case CONFIG_PAIRS:
		if (v->type != VALUE_TABLE)
			err = config_type_error(r, v, row->path, "object");
		break;
	default:
		if (v->type != VALUE_LIST)
			err = config_type_error(r, v, row->path, "array");
		break;
	}
	if (err == 0 && row->later && !off && row->invalid &&
	    !config_is_choice(row->invalid, text))
		config_problem(r->problems, "%s", row->invalid);
	else if (err == 0 && row->kind == CONFIG_PORT && (n < 0 || n > 65535))
		config_problem(r->problems, "%s: port number %" PRId64
		    " must be in the range 0..65535", row->path, n);
	else if (err == 0 && row->later && !off)
		config_problem(r->problems, "not supported yet: %s (%s)",
		    row->path, row->later);
	mem_free_secret(text);
	return err;
}

static int
set(struct config_reader *r, const struct config_row *row,
    const struct value *v)
{
	void *at = (char *)r->to + row->offset;

	switch (row->kind) {
	case CONFIG_STR:
		return config_str(r, v, row->path, at);
	case CONFIG_PINS:
		return set_pins(r, v, row->path, at);
	case CONFIG_INT:
	case CONFIG_PORT:
	case CONFIG_PACKET:
		return config_int(r, v, row->path, at);
	case CONFIG_BOOL:
		if (v->type != VALUE_BOOL)
			return config_type_error(r, v, row->path, "bool");
		*(bool *)at = v->boolean;
		return 0;
	case CONFIG_STRS:
		return set_strings(r, v, row->path, at);
	case CONFIG_PAIRS:
		return set_pairs(r, v, row->path, at);
	case CONFIG_RANGES:
		return set_ranges(r, v, row->path, at);
	case CONFIG_SCOPES:
		return set_scopes(r, v, row->path, at);
	case CONFIG_SOURCE:
		return config_token_source(r, v, row->path, at);
	case CONFIG_PROXIES:
		return config_items(r, &config_proxy_item, v, at);
	case CONFIG_VISITORS:
		return config_items(r, &config_visitor_item, v, at);
	case CONFIG_PLUGIN:
		return config_plugin(r, v, at);
	default:
		return 0;
	}
}

/* Those have rows of their own. */
static bool
is_nested(enum config_kind kind)
{
	return kind == CONFIG_PROXIES || kind == CONFIG_VISITORS ||
	    kind == CONFIG_PLUGIN;
}

int
config_set(struct config_reader *r, const struct config_row *row,
    const struct value *v)
{
	if (row->offset == CONFIG_UNUSED)
		return pass(r, row, v);
	if (!is_nested(row->kind))
		config_gaps(r, row, v);
	return set(r, row, v);
}

int
config_ranges(struct ranges *r, const char *text, struct buf *why)
{
	size_t i;

	if (ranges_parse(r, text, why) < 0)
		return ERR_PROTO;
	for (i = 0; i < r->n; i++) {
		int first = r->v[i].first, last = r->v[i].last;

		if (first >= 0 && last <= 65535)
			continue;
		buf_printf(why, "port number %d must be in the range 0..65535",
		    first < 0 ? first : last);
		ranges_release(r);
		return ERR_PROTO;
	}
	return 0;
}
