// SPDX-License-Identifier: MIT
#include "core/toml_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/plain.h"
#include "core/utf8.h"

int
toml_fail(struct toml *t, const char *fmt, ...)
{
	struct value_error *e = t->error;
	const char *p;
	char raw[sizeof(e->text)];
	va_list ap;

	if (e->text[0])
		return ERR_PROTO;
	e->line = t->line;
	e->column = 1;
	for (p = t->line_start; p < t->p; p++)
		e->column += ((uint8_t)*p & 0xc0) != 0x80;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	/* a quoted key can hold anything */
	plain_copy(e->text, sizeof(e->text), raw);
	return ERR_PROTO;
}

int
toml_check_bytes(struct toml *t)
{
	struct toml at = *t;
	uint32_t rune;
	size_t n;

	for (; at.p < at.end; at.p += n) {
		n = utf8_get(at.p, (size_t)(at.end - at.p), &rune);
		if (n == 0)
			return toml_fail(&at, "the text is not UTF-8");
		if (toml_newline(&at)) {
			n = 0;
			continue;
		}
		if ((rune < ' ' && rune != '\t') || rune == 0x7f)
			return toml_fail(&at,
			    "control character 0x%02x is not allowed",
			    (unsigned)rune);
	}
	return 0;
}

bool
toml_at(const struct toml *t, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(t->end - t->p) >= n && memcmp(t->p, text, n) == 0;
}

bool
toml_take(struct toml *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

bool
toml_newline(struct toml *t)
{
	if (!toml_at(t, "\n") && !toml_at(t, "\r\n"))
		return false;
	t->p += *t->p == '\r' ? 2 : 1;
	t->line++;
	t->line_start = t->p;
	return true;
}

void
toml_skip_blank(struct toml *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t'))
		t->p++;
}

static void
skip_comment(struct toml *t)
{
	if (!toml_at(t, "#"))
		return;
	while (t->p < t->end && !toml_at(t, "\n") && !toml_at(t, "\r\n"))
		t->p++;
}

void
toml_skip_lines(struct toml *t)
{
	do {
		toml_skip_blank(t);
		skip_comment(t);
	} while (toml_newline(t));
}

int
toml_end_line(struct toml *t)
{
	toml_skip_blank(t);
	skip_comment(t);
	if (t->p < t->end && !toml_newline(t))
		return toml_fail(t, "the line should end here");
	return 0;
}

static bool
is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int
key_part(struct toml *t, struct toml_key *k)
{
	struct buf b = { 0 }, whole = { 0 };
	size_t i;

	if (toml_at(t, "\"") || toml_at(t, "'")) {
		if (toml_string_line(t, &b) < 0) {
			buf_free(&b);
			return ERR_PROTO;
		}
	} else {
		for (; t->p < t->end && is_bare(*t->p); t->p++)
			buf_put(&b, t->p, 1);
		if (buf_len(&b) == 0)
			return toml_fail(t, "a key is missing here");
	}
	for (i = 0; i < buf_len(&b); i++)
		if (buf_peek(&b)[i])
			buf_put(&whole, buf_peek(&b) + i, 1);
		else
			buf_puts(&whole, "\xc0\x80");
	k->part[k->n++] = mem_dup(buf_text(&whole));
	buf_free(&b);
	buf_free(&whole);
	return 0;
}

int
toml_key(struct toml *t, struct toml_key *k)
{
	*k = (struct toml_key){ .line = t->line };
	do {
		if (k->n == VALUE_DEPTH)
			return toml_fail(t, "the key has too many parts");
		toml_skip_blank(t);
		if (key_part(t, k) < 0)
			return ERR_PROTO;
		toml_skip_blank(t);
	} while (toml_take(t, '.'));
	return 0;
}

void
toml_key_release(struct toml_key *k)
{
	while (k->n)
		free(k->part[--k->n]);
}
