/* JSON as Go's encoding/json reads it, one token at a time over a span that is
 * only borrowed; and a writer that quotes as Go does.  Depth is capped, nothing
 * is allocated by the reader. */
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
	JSON_REAL, /* any other number: real, infinite when too large */
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
	int err; /* ERR_PROTO, or ERR_LIMIT for the depth */
	unsigned depth;
	uint8_t kind[JSON_DEPTH], state;
};

void json_init(struct json *j, const char *p, size_t n);
/* 0 and an item (JSON_END at the end), or <0, sticky.  The grammar is Go's:
 * no leading zeros, no bare words, no comma too many, nothing after the
 * document but white space. */
int json_next(struct json *j, struct json_item *it);
/* After a KEY: passes over its value, whatever it is.  0 or <0. */
int json_skip(struct json *j);
/* The plain text of a KEY or STR: writes it to to, adds no NUL, and returns its
 * length.  As in Go, lone surrogates and each byte that is no UTF-8 become
 * U+FFFD, three bytes, hence the room needed.  With to NULL only the length is
 * found. */
static inline size_t
json_text_max(const struct json_item *it)
{
	return it->rawlen * 3;
}
size_t json_text(const struct json_item *it, char *to);
/* Does the KEY say name, whatever the case?  The name is in ASCII. */
bool json_is(const struct json_item *it, const char *name);
size_t json_line(const struct json *j); /* from 1, where it stands */

/* A quoted string, escaped as Go escapes (<, >, & and U+2028/9 too). */
void json_put_str(struct buf *b, const char *s, size_t n);

#endif
