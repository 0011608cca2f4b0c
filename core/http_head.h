/* The head of an HTTP/1 request or reply: bytes up to the blank line, and
 * then its lines.  Strict: what could be read in two ways is refused. */
#ifndef CORE_HTTP_HEAD_H
#define CORE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/bytes.h"

#define HTTP_HEAD_MAX	 8192
#define HTTP_HEAD_FIELDS 64

struct http_head { /* all zero is ready */
	struct buf text;
	size_t line;   /* where the line at the end begins */
	size_t fields; /* lines behind the first */
	bool whole;
	int err; /* sticky */
};

void http_head_release(struct http_head *h);
/* Takes bytes from *p up to the blank line and not further, since what
 * follows is something else.  1: it is whole; 0: all is taken and more is
 * needed; ERR_LIMIT, ERR_PROTO. */
int http_head_take(struct http_head *h, const uint8_t **p, size_t *n);

/* Of a whole head, borrowed from it.  Word i of the first line; the third one
 * goes up to the end of the line.  Missing ones are empty. */
struct span http_head_word(const struct http_head *h, unsigned i);
/* Field number i of that name, blanks around it gone; false: there is none. */
bool http_head_field(const struct http_head *h, const char *name, unsigned i,
    struct span *value);
/* The code of a reply's first line, or ERR_PROTO. */
int http_head_status(const struct http_head *h);
/* For people: "the answer is '407 Proxy Authentication Required'", or what is
 * wrong with a head that broke. */
void http_head_put_status(const struct http_head *h, struct buf *why);

/* May it stand in a request, as "host:port" does?  Blanks and controls
 * would make two of one. */
bool http_head_is_target(const char *text);

bool span_is(struct span s, const char *text);	    /* capitals or not … */
bool span_holds(struct span s, const char *text);   /* … somewhere in it */

#endif
