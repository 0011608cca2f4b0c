// SPDX-License-Identifier: MIT
#include "core/allow.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/ip_text.h"
#include "core/mem.h"

#define NAME_MAX_LEN 253

struct allow_item {
	enum { ALLOW_HERE, ALLOW_NET, ALLOW_NAME } kind;
	uint8_t ip[16];
	size_t ip_len;
	unsigned bits; /* of ip that count */
	char *name;    /* without a dot at the end */
	int first, last;
};

/* One item while it is read. */
struct reader {
	const char *s, *end;   /* what is left of it */
	const char *all;       /* it all, for the reason */
	struct buf *why;
};

static int
fail(const struct reader *r, const char *what)
{
	buf_printf(r->why, "'%.*s': %s", (int)(r->end - r->all), r->all, what);
	return ERR_PROTO;
}

void
allow_release(struct allow *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->v[i].name);
	free(a->v);
	*a = (struct allow){ 0 };
}

/* A number of at most five digits at r->s, or <0. */
static int
read_number(struct reader *r)
{
	const char *from = r->s;
	int v = 0;

	for (; r->s < r->end && *r->s >= '0' && *r->s <= '9'; r->s++) {
		if (r->s - from == 5)
			return ERR_PROTO;
		v = v * 10 + *r->s - '0';
	}
	return r->s > from ? v : ERR_PROTO;
}

/* "22" or "22-25", up to the end. */
static int
read_ports(struct reader *r, struct allow_item *item)
{
	item->first = item->last = read_number(r);
	if (r->s < r->end && *r->s == '-') {
		r->s++;
		item->last = read_number(r);
	}
	if (r->s < r->end || item->first < 1 || item->last < 1 ||
	    item->first > 65535 || item->last > 65535)
		return fail(r, "ports are numbers from 1 to 65535, as 22 or "
		    "8000-8100");
	if (item->last < item->first)
		return fail(r, "the range of ports is upside down");
	return 0;
}

/* Are the bits behind the first `bits` all zero? */
static bool
is_clean(const uint8_t *ip, size_t len, unsigned bits)
{
	size_t i;

	for (i = bits; i < len * 8; i++)
		if (ip[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

static bool
is_zero(const uint8_t *ip, size_t len)
{
	return is_clean(ip, len, 0);
}

/* "/8" behind an address, if it is there. */
static int
read_prefix(struct reader *r, struct allow_item *item)
{
	size_t len = item->ip_len;
	int bits = (int)len * 8;

	if (r->s < r->end && *r->s == '/') {
		r->s++;
		bits = read_number(r);
		if (bits < 0 || bits > (int)len * 8)
			return fail(r, len == 4 ?
			    "the prefix is no number from 0 to 32" :
			    "the prefix is no number from 0 to 128");
	}
	item->ip_len = ip_text_unmap(item->ip, len);
	if (item->ip_len != len) {
		bits -= 96;
		if (bits < 0)
			return fail(r, "write IPv4 nets as IPv4");
	}
	item->bits = (unsigned)bits;
	if (!is_clean(item->ip, item->ip_len, item->bits))
		return fail(r, "the address has bits behind its prefix");
	if (item->bits == item->ip_len * 8 && is_zero(item->ip, item->ip_len))
		return fail(r, "nothing can be reached at that address");
	return 0;
}

static bool
is_name(const char *s, size_t n)
{
	const char *label = s;
	bool letter = false;
	size_t i;

	if (n == 0 || n > NAME_MAX_LEN)
		return false;
	for (i = 0; i < n; i++) {
		char c = s[i] | 0x20;

		if (s[i] == '.') {
			if (s + i == label)
				return false;
			label = s + i + 1;
			letter = false;
		} else if ((c >= 'a' && c <= 'z') || s[i] == '-' ||
		    s[i] == '_') {
			letter = true;
		} else if (s[i] < '0' || s[i] > '9') {
			return false;
		}
	}
	/* a last label of digits makes it an address, and it is none */
	return s + n > label && letter;
}

static size_t
without_dot(const char *s, size_t n)
{
	return n > 1 && s[n - 1] == '.' ? n - 1 : n;
}

/* The host in front, and where it ends. */
static int
read_host(struct reader *r, struct allow_item *item)
{
	const char *s = r->s, *stop;
	size_t n;

	if (*s == '[') {
		stop = memchr(s, ']', (size_t)(r->end - s));
		item->ip_len = stop ? ip_text_read(item->ip, s + 1,
		    (size_t)(stop - s) - 1) : 0;
		if (item->ip_len != 16)
			return fail(r, "no IPv6 address between brackets");
		r->s = stop + 1;
		return 0;
	}
	stop = memchr(s, '/', (size_t)(r->end - s));
	n = (size_t)((stop ? stop : r->end) - s);
	/* more than one colon: an IPv6 address, which then has no port */
	if (memchr(s, ':', n) != memrchr(s, ':', n)) {
		item->ip_len = ip_text_read(item->ip, s, n);
		if (item->ip_len == 0)
			return fail(r, "no address; IPv6 with a port is "
			    "written [fd00::1]:22");
		r->s += n;
		return 0;
	}
	for (n = 0; s + n < r->end && s[n] != ':' && s[n] != '/'; n++)
		;
	r->s += n;
	item->ip_len = ip_text_read(item->ip, s, n);
	if (item->ip_len)
		return 0;
	n = without_dot(s, n);
	if (!is_name(s, n))
		return fail(r, "neither ports, nor an address, nor a name");
	item->kind = ALLOW_NAME;
	item->name = mem_dupn(s, n);
	return 0;
}

static int
read_item(struct reader *r, struct allow_item *item)
{
	const char *c;
	int e;

	if (r->s == r->end)
		return fail(r, "an item is empty");
	for (c = r->s; c < r->end && ((*c >= '0' && *c <= '9') || *c == '-');
	    c++)
		;
	if (c == r->end)
		return read_ports(r, item);
	item->kind = ALLOW_NET;
	e = read_host(r, item);
	if (e == 0 && item->kind == ALLOW_NET)
		e = read_prefix(r, item);
	if (e < 0)
		return e;
	item->first = 1;
	item->last = 65535;
	if (r->s == r->end)
		return 0;
	if (*r->s != ':')
		return fail(r, "only a port may follow, behind a colon");
	r->s++;
	return read_ports(r, item);
}

int
allow_parse(struct allow *a, const char *text, struct buf *why)
{
	struct reader r = { .why = why };
	struct allow_item *item;
	const char *end;
	int e;

	*a = (struct allow){ 0 };
	for (;; text = end + 1) {
		end = text + strcspn(text, ",");
		r.s = text + strspn(text, " \t");
		for (r.end = end; r.end > r.s && (r.end[-1] == ' ' ||
		    r.end[-1] == '\t'); r.end--)
			;
		if (r.s > end)
			r.s = r.end = end;
		r.all = r.s;
		a->v = mem_slot(a->v, a->n, &a->cap, sizeof(*a->v));
		item = &a->v[a->n++];
		*item = (struct allow_item){ .kind = ALLOW_HERE };
		e = read_item(&r, item);
		if (e < 0) {
			allow_release(a);
			return e;
		}
		if (!*end)
			return 0;
	}
}

int
allow_parse_here(struct allow *a, const char *text, struct buf *why)
{
	int e = allow_parse(a, text, why);
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (a->v[i].kind == ALLOW_HERE)
			continue;
		buf_printf(why, "'%.200s': only ports of this host itself, as "
		    "in 40000-40100,6006", text);
		allow_release(a);
		return ERR_PROTO;
	}
	return e;
}

/* Where one wants to go. */
struct target {
	const char *name;
	size_t name_len;
	uint8_t ip[16];
	size_t ip_len; /* 0: not known */
	int port;
};

static bool
in_net(const uint8_t *ip, const uint8_t *net, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(ip, net, bits / 8) != 0)
		return false;
	return !rest || (ip[bits / 8] ^ net[bits / 8]) >> (8 - rest) == 0;
}

static bool
is_here(const struct target *t)
{
	static const uint8_t v6[16] = { [15] = 1 };

	if (t->ip_len == 4)
		return t->ip[0] == 127;
	if (t->ip_len == 16)
		return memcmp(t->ip, v6, 16) == 0;
	return t->name_len == 9 && strncasecmp(t->name, "localhost", 9) == 0;
}

static bool
matches(const struct allow_item *item, const struct target *t)
{
	if (t->port < item->first || t->port > item->last)
		return false;
	switch (item->kind) {
	case ALLOW_HERE:
		return is_here(t);
	case ALLOW_NET:
		return t->ip_len == item->ip_len &&
		    in_net(t->ip, item->ip, item->bits);
	case ALLOW_NAME:
		return strlen(item->name) == t->name_len &&
		    strncasecmp(item->name, t->name, t->name_len) == 0;
	}
	return false;
}

bool
allow_check(const struct allow *a, const char *host, const uint8_t *ip,
    size_t ip_len, int port)
{
	struct target t = { .name = host, .port = port };
	size_t i;

	t.name_len = without_dot(host, strlen(host));
	if (ip && (ip_len == 4 || ip_len == 16)) {
		memcpy(t.ip, ip, ip_len);
		t.ip_len = ip_len;
	} else {
		t.ip_len = ip_text_read(t.ip, host, strlen(host));
	}
	t.ip_len = ip_text_unmap(t.ip, t.ip_len);
	if (t.ip_len && is_zero(t.ip, t.ip_len))
		return false;
	for (i = 0; i < a->n; i++)
		if (matches(&a->v[i], &t))
			return true;
	return false;
}
