/* JSON as Go's encoding/json reads it, one token at a time over a span that is
 * only borrowed; and a writer that quotes as Go does.  Depth is capped, UTF-8
 * is checked, nothing is allocated. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define JSON_DEPTH 64

enum json_token {
	JSON_END, /* after the document came only white space */
	JSON_OBJ,
	JSON_OBJ_END,
	JSON_ARR,
	JSON_ARR_END,
	JSON_KEY, /* text: the member's name; its value follows */
	JSON_STR,
	JSON_INT,  /* an integer literal that fits: integer */
	JSON_REAL, /* any other number: real */
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_item {
	enum json_token token;
	const char *raw; /* KEY, STR: between the quotes, escapes and all;
			    numbers: as written */
	size_t rawlen;
	int64_t integer;
	double real;
};

struct json {
	const char *start, *p, *end;
	int err;
	unsigned depth;
	uint8_t kind[JSON_DEPTH], state;
};

void json_init(struct json *j, const char *p, size_t n);
/* 0 and an item (JSON_END at the end), or <0, sticky. */
int json_next(struct json *j, struct json_item *it);
/* After a KEY: passes over its value, whatever it is.  0 or <0. */
int json_skip(struct json *j);
/* The plain text of a KEY or STR: to has it->rawlen bytes; returns its
 * length (never more than rawlen; lone surrogates and bad UTF-8 become
 * U+FFFD as in Go only where that fits, else the item is refused by
 * json_next).  No NUL is added. */
size_t json_text(const struct json_item *it, char *to);
/* Does the KEY say name, case-insensitively? */
bool json_is(const struct json_item *it, const char *name);
size_t json_line(const struct json *j); /* from 1, where it stands */

/* A quoted string, escaped as Go escapes (<, >, & and U+2028/9 too). */
void json_put_str(struct buf *b, const char *s, size_t n);

#endif
