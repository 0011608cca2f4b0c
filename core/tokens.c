// SPDX-License-Identifier: MIT
#include "core/tokens.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct token *
token_new(const char *text, size_t n)
{
	struct token *t = mem_zero(sizeof(*t) + n + 1);

	t->owners = 1;
	memcpy(t->text, text, n);
	return t;
}

struct token *
token_keep(struct token *t)
{
	t->owners++;
	return t;
}

void
token_drop(struct token *t)
{
	if (!t || --t->owners)
		return;
	mem_wipe(t->text, strlen(t->text));
	free(t);
}

static void
trim(const char **p, size_t *n)
{
	while (*n && isspace((unsigned char)**p)) {
		++*p;
		--*n;
	}
	while (*n && isspace((unsigned char)(*p)[*n - 1]))
		--*n;
}

/* "# " has lost its blank where nothing follows. */
static bool
is_comment(const char *p, size_t n)
{
	return *p == '#' && (n == 1 || isspace((unsigned char)p[1]));
}

static enum tokens_fault
add(struct tokens *to, const char *p, size_t n)
{
	if (n > TOKENS_LONGEST)
		return TOKENS_LONG;
	if (to->n == TOKENS_MAX)
		return TOKENS_MANY;
	to->v[to->n++] = token_new(p, n);
	return TOKENS_FINE;
}

enum tokens_fault
tokens_parse(struct tokens *to, const char *text, size_t n)
{
	enum tokens_fault fault = TOKENS_FINE;
	const char *line, *end;
	size_t len, took;
	bool alone;

	*to = (struct tokens){ .n = 0 };
	if (n && memchr(text, '\0', n))
		return TOKENS_BINARY;
	trim(&text, &n);
	alone = n && !memchr(text, '\n', n);
	for (; n && fault == TOKENS_FINE; text += took, n -= took) {
		line = text;
		end = memchr(text, '\n', n);
		len = end ? (size_t)(end - text) : n;
		took = len + (end != NULL);
		trim(&line, &len);
		if (len && (alone || !is_comment(line, len)))
			fault = add(to, line, len);
	}
	if (fault == TOKENS_FINE && to->n == 0)
		fault = TOKENS_EMPTY;
	if (fault != TOKENS_FINE)
		tokens_release(to);
	return fault;
}

const char *
tokens_fault(enum tokens_fault f)
{
	static const char *const words[TOKENS_FAULTS] = {
		[TOKENS_EMPTY] = "is empty, comments aside: write a token "
				 "into it",
		[TOKENS_MANY] = "has more than 64 tokens: take old ones out",
		[TOKENS_LONG] = "has a token of more than 4096 bytes: write a "
				"shorter one",
		[TOKENS_BINARY] = "has a NUL in it: write tokens of text into "
				  "it, one a line",
		[TOKENS_UNREAD] = "cannot be read: ",
		[TOKENS_LARGE] = "is larger than 64 KiB: write tokens into it, "
				 "one a line",
		[TOKENS_IRREGULAR] = "is not a regular file: put one in its "
				     "place",
		[TOKENS_OPEN_TO_OTHERS] = "may be used by others: chmod 600 "
					  "it",
	};

	return words[f];
}

bool
tokens_same(const struct tokens *a, const struct tokens *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->v[i]->text, b->v[i]->text) != 0)
			return false;
	return true;
}

struct token *
tokens_match(const struct tokens *t, int64_t time, const char *key)
{
	struct token *match = NULL;
	size_t i;

	/* each is looked at, wherever the right one stands */
	for (i = t->n; i-- > 0;)
		if (auth_ok(t->v[i]->text, time, key))
			match = t->v[i];
	return match;
}

void
tokens_release(struct tokens *t)
{
	while (t->n)
		token_drop(t->v[--t->n]);
}
