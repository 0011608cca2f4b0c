// SPDX-License-Identifier: MIT
#include "core/dns.h"

#include <stdbool.h>
#include <string.h>

#include "core/bytes.h"

#define HEAD	  12
#define NAME_WIRE 255 /* on the wire, with its last zero */
#define LABEL_MAX 63
#define CLASS_IN  1
#define CNAME	  5
#define NXDOMAIN  3

/* A name without compression, in lower case. */
struct name {
	uint8_t v[NAME_WIRE];
	size_t n;
};

struct record {
	struct name owner;
	uint16_t type, class, len;
	size_t data; /* where in the message */
};

struct message {
	const uint8_t *p;
	size_t n;
};

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool
name_same(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->v, b->v, a->n) == 0;
}

/* The name's length on the wire, or 0. */
static size_t
put_name(uint8_t to[static NAME_WIRE], const char *name)
{
	size_t at = 0, len;

	for (;;) {
		len = strcspn(name, ".");
		if (len == 0 || len > LABEL_MAX || at + len + 2 > NAME_WIRE)
			return 0;
		to[at++] = (uint8_t)len;
		for (; len; len--, name++) {
			if (*name <= ' ' || *name > '~')
				return 0;
			to[at++] = (uint8_t)*name;
		}
		if (*name == '.')
			name++;
		if (!*name)
			break;
	}
	to[at++] = 0;
	return at;
}

size_t
dns_query(uint8_t to[static DNS_QUERY_MAX], const char *name,
    enum dns_type type, uint16_t id)
{
	size_t n = put_name(to + HEAD, name);

	if (n == 0)
		return 0;
	memset(to, 0, HEAD);
	put_be16(to, id);
	to[2] = 1; /* recursion desired */
	to[5] = 1; /* one question */
	n += HEAD;
	put_be16(to + n, (uint16_t)type);
	put_be16(to + n + 2, CLASS_IN);
	return n + 4;
}

/* Reads a name at *at and moves behind it.  Each pointer must point before
 * the piece it stands in, so that they come to an end. */
static bool
read_name(const struct message *m, size_t *at, struct name *to)
{
	size_t i = *at, from = *at, len, j;
	bool jumped = false;

	to->n = 0;
	for (;;) {
		if (i >= m->n)
			return false;
		len = m->p[i];
		if (len >= 0xc0) {
			if (m->n - i < 2)
				return false;
			len = be16(m->p + i) & 0x3fff;
			if (!jumped)
				*at = i + 2;
			jumped = true;
			if (len >= from)
				return false;
			i = from = len;
			continue;
		}
		if (len > LABEL_MAX || m->n - i < len + 1 ||
		    to->n + len + 1 > NAME_WIRE)
			return false;
		for (j = 0; j <= len; j++)
			to->v[to->n++] = lower(m->p[i + j]);
		i += len + 1;
		if (len == 0)
			break;
	}
	if (!jumped)
		*at = i;
	return true;
}

static bool
read_record(const struct message *m, size_t *at, struct record *r)
{
	if (!read_name(m, at, &r->owner) || m->n - *at < 10)
		return false;
	r->type = be16(m->p + *at);
	r->class = be16(m->p + *at + 2);
	r->len = be16(m->p + *at + 8);
	r->data = *at + 10;
	if (m->n - r->data < r->len)
		return false;
	*at = r->data + r->len;
	return true;
}

/* The names in questions are not compressed, so these are the same bytes but
 * for their case. */
static bool
is_answer_to(const struct message *m, const uint8_t *query, size_t n)
{
	size_t i;

	if (m->n < n || be16(m->p) != be16(query) || !(m->p[2] & 0x80) ||
	    (m->p[2] & 0x78) || be16(m->p + 4) != 1)
		return false;
	for (i = HEAD; i < n; i++)
		if (lower(m->p[i]) != lower(query[i]))
			return false;
	return true;
}

static void
add(struct dns_found *f, const uint8_t *ip, size_t n)
{
	if (f->n < DNS_MAX)
		memcpy(f->ip[f->n++], ip, n);
}

/* One walk over the answers: addresses of name, or else where its alias
 * leads.  False when the message is nonsense. */
static bool
walk(const struct message *m, size_t at, enum dns_type type,
    const struct name *name, struct dns_found *f, struct name *next)
{
	unsigned left = be16(m->p + 6);
	size_t size = type == DNS_A ? 4 : 16, data;
	struct record r;

	next->n = 0;
	for (; left; left--) {
		if (!read_record(m, &at, &r))
			return false;
		if (r.class != CLASS_IN || !name_same(&r.owner, name))
			continue;
		data = r.data;
		if (r.type == type) {
			if (r.len != size)
				return false;
			add(f, m->p + data, size);
		} else if (r.type == CNAME) {
			if (!read_name(m, &data, next) ||
			    data != r.data + r.len)
				return false;
		}
	}
	return true;
}

enum dns_status
dns_answer(const uint8_t *p, size_t n, const uint8_t *query, size_t query_len,
    struct dns_found *f)
{
	const struct message m = { p, n };
	enum dns_type type = be16(query + query_len - 4);
	size_t at = HEAD;
	struct name name, next;
	int i;

	f->n = 0;
	if (!is_answer_to(&m, query, query_len))
		return DNS_IGNORE;
	if (p[2] & 0x02)
		return DNS_TRUNCATED;
	if ((p[3] & 0x0f) == NXDOMAIN)
		return DNS_NONE;
	if ((p[3] & 0x0f) || !read_name(&m, &at, &name))
		return DNS_FAILED;
	for (i = 0; i <= DNS_CHAIN; i++) {
		if (!walk(&m, query_len, type, &name, f, &next)) {
			f->n = 0;
			return DNS_FAILED;
		}
		if (f->n)
			return DNS_FOUND;
		if (next.n == 0)
			return DNS_NONE;
		name = next;
	}
	return DNS_FAILED;
}
