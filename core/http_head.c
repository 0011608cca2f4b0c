// SPDX-License-Identifier: MIT
#include "core/http_head.h"

#include <string.h>
#include <strings.h>

#include "core/err.h"

void
http_head_release(struct http_head *h)
{
	buf_free(&h->text);
}

/* RFC 9110, 5.6.2: token. */
static bool
is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_field(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && is_token(p[i]); i++)
		;
	return i > 0 && i < n && p[i] == ':';
}

/* A line that has come whole, without its end. */
static int
end_line(struct http_head *h, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return ERR_PROTO;
	if (h->line == 0)
		return n > 0 ? 0 : ERR_PROTO;
	if (n == 0) {
		h->whole = true;
		return 0;
	}
	if (++h->fields > HTTP_HEAD_FIELDS)
		return ERR_LIMIT;
	/* a line that goes on from the one before is no field either */
	return is_field(p, n) ? 0 : ERR_PROTO;
}

/* Moves what belongs to the line at the end; 1: it has ended. */
static int
take_line(struct http_head *h, const uint8_t **p, size_t *n)
{
	const uint8_t *end = memchr(*p, '\n', *n), *line;
	size_t part = end ? (size_t)(end - *p) + 1 : *n;
	int r;

	if (part > HTTP_HEAD_MAX - buf_len(&h->text))
		return ERR_LIMIT;
	buf_put(&h->text, *p, part);
	*p += part;
	*n -= part;
	if (!end)
		return buf_len(&h->text) == HTTP_HEAD_MAX ? ERR_LIMIT : 0;
	line = buf_peek(&h->text) + h->line;
	part = buf_len(&h->text) - h->line - 1;
	if (part > 0 && line[part - 1] == '\r')
		part--;
	r = end_line(h, line, part);
	h->line = buf_len(&h->text);
	return r < 0 ? r : 1;
}

int
http_head_take(struct http_head *h, const uint8_t **p, size_t *n)
{
	int r;

	while (!h->err && !h->whole && *n > 0) {
		r = take_line(h, p, n);
		if (r < 0)
			h->err = r;
	}
	return h->err ? h->err : h->whole;
}

/* The next line at *at, without its end. */
static bool
next_line(const struct http_head *h, size_t *at, struct span *line)
{
	const uint8_t *p = buf_peek(&h->text) + *at, *end;

	end = memchr(p, '\n', buf_len(&h->text) - *at);
	*at += (size_t)(end - p) + 1;
	if (end > p && end[-1] == '\r')
		end--;
	*line = (struct span){ p, (size_t)(end - p) };
	return line->n > 0;
}

struct span
http_head_word(const struct http_head *h, unsigned i)
{
	struct span line;
	const uint8_t *end;
	size_t at = 0;
	unsigned k;

	next_line(h, &at, &line);
	for (k = 0; k < i; k++) {
		end = memchr(line.p, ' ', line.n);
		if (!end)
			return (struct span){ line.p, 0 };
		line.n -= (size_t)(end - line.p) + 1;
		line.p = end + 1;
	}
	if (i < 2 && (end = memchr(line.p, ' ', line.n)))
		line.n = (size_t)(end - line.p);
	return line;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

bool
http_head_field(const struct http_head *h, const char *name, unsigned i,
    struct span *value)
{
	size_t len = strlen(name), at = 0;
	struct span line;

	next_line(h, &at, &line);
	while (next_line(h, &at, &line)) {
		if (line.n <= len || line.p[len] != ':' ||
		    strncasecmp((const char *)line.p, name, len) != 0 ||
		    i-- > 0)
			continue;
		line.p += len + 1;
		line.n -= len + 1;
		for (; line.n > 0 && is_blank(*line.p); line.n--)
			line.p++;
		while (line.n > 0 && is_blank(line.p[line.n - 1]))
			line.n--;
		*value = line;
		return true;
	}
	return false;
}

int
http_head_status(const struct http_head *h)
{
	struct span version = http_head_word(h, 0), s = http_head_word(h, 1);
	int code = 0;
	size_t i;

	if (version.n != 8 || memcmp(version.p, "HTTP/1.", 7) != 0 || s.n != 3)
		return ERR_PROTO;
	for (i = 0; i < 3; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_PROTO;
		code = code * 10 + s.p[i] - '0';
	}
	return code;
}

void
http_head_put_status(const struct http_head *h, struct buf *why)
{
	struct span s;

	if (h->err || http_head_status(h) < 0) {
		buf_puts(why, h->err == ERR_LIMIT ? "the answer is too long" :
		    "the answer is no HTTP");
		return;
	}
	s = http_head_word(h, 2);
	buf_puts(why, "the answer is '");
	buf_put(why, http_head_word(h, 1).p, 3);
	if (s.n > 0)
		buf_puts(why, " ");
	buf_put(why, s.p, s.n);
	buf_puts(why, "'");
}

bool
http_head_is_target(const char *text)
{
	const char *c;

	for (c = text; (unsigned char)*c > ' ' && *c != 0x7f; c++)
		;
	return c > text && !*c;
}

bool
span_is(struct span s, const char *text)
{
	return s.n == strlen(text) &&
	    strncasecmp((const char *)s.p, text, s.n) == 0;
}

bool
span_holds(struct span s, const char *text)
{
	size_t len = strlen(text);

	for (; s.n >= len; s.p++, s.n--)
		if (strncasecmp((const char *)s.p, text, len) == 0)
			return true;
	return false;
}
