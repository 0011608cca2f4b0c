// SPDX-License-Identifier: MIT
#include "core/forward_spec.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/ip_text.h"
#include "core/mem.h"

#define PARTS 4 /* bind, port, host, port */
#define HOST_MAX 253
#define TEXT_MAX 1024
#define PUBLIC	 "public:"

struct part { /* what stands between two colons */
	const char *s;
	size_t n;
	bool bracketed; /* s and n are without them */
};

struct ports {
	int first, last;
};

struct reader {
	enum forward_kind kind;
	const char *text; /* it all, for the reason */
	struct buf *why;
	struct part part[PARTS];
	size_t nparts;
	bool udp, public;
	const struct part *bind, *host;
	struct ports port, to;
};

static int
fail(const struct reader *r, const struct part *at, const char *what)
{
	buf_printf(r->why, "'%.200s': ", r->text);
	if (at)
		buf_printf(r->why, "'%.*s' ", (int)(at->n < 100 ? at->n : 100),
		    at->s);
	buf_puts(r->why, what);
	return ERR_PROTO;
}

static const char *
form(enum forward_kind kind)
{
	switch (kind) {
	case FORWARD_LOCAL:
		return "it is [ADDRESS:]PORT[:HOST:PORT], with /udp behind it "
		    "for datagrams";
	case FORWARD_DYNAMIC:
		return "it is [ADDRESS:]PORT";
	case FORWARD_REMOTE:
		return "it is [ADDRESS:]PORT:HOST:PORT, or "
		    "public:PORT:HOST:PORT";
	}
	return "";
}

/* Cuts s up at colons, save those between brackets. */
static int
cut(struct reader *r, const char *s, const char *end)
{
	const char *stop;
	struct part *p;

	for (;;) {
		if (r->nparts == PARTS)
			return fail(r, NULL, form(r->kind));
		p = &r->part[r->nparts++];
		*p = (struct part){ .s = s };
		if (s < end && *s == '[') {
			stop = memchr(s, ']', (size_t)(end - s));
			if (!stop || (stop + 1 < end && stop[1] != ':'))
				return fail(r, NULL, "an address of IPv6 "
				    "stands between [ and ]");
			*p = (struct part){ s + 1, (size_t)(stop - s) - 1,
				true };
			s = stop + 1;
		} else {
			stop = memchr(s, ':', (size_t)(end - s));
			p->n = (size_t)((stop ? stop : end) - s);
			s += p->n;
		}
		if (s == end)
			return 0;
		s++;
	}
}

/* A number of at most five digits; <0: none. */
static int
number(const char **s, const char *end)
{
	const char *from = *s;
	int v = 0;

	for (; *s < end && **s >= '0' && **s <= '9'; ++*s) {
		if (*s - from == 5)
			return -1;
		v = v * 10 + **s - '0';
	}
	return *s > from && v <= 65535 ? v : -1;
}

/* zero: the port 0 alone is a port, too. */
static int
read_ports(const struct reader *r, const struct part *p, bool zero,
    struct ports *to)
{
	const char *s = p->s, *end = p->s + p->n;

	to->first = to->last = p->bracketed ? -1 : number(&s, end);
	if (zero && to->first == 0 && s == end)
		return 0;
	if (s < end && *s == '-') {
		s++;
		to->last = number(&s, end);
	}
	if (s < end || to->first < 1 || to->last < 1)
		return fail(r, p, "is no port: a number from 1 to 65535, or a "
		    "range as 8000-8010");
	if (to->last < to->first)
		return fail(r, p, "is a range that is upside down");
	return 0;
}

static bool
is_name(const struct part *p)
{
	size_t i;

	/* what begins with '-' is an option to others */
	if (p->n == 0 || p->n > HOST_MAX || p->s[0] == '-')
		return false;
	for (i = 0; i < p->n; i++) {
		char c = p->s[i] | 0x20;

		if ((c < 'a' || c > 'z') && (p->s[i] < '0' || p->s[i] > '9') &&
		    !strchr("._-", p->s[i]))
			return false;
	}
	return true;
}

static size_t
address(const struct part *p)
{
	uint8_t ip[16];

	return ip_text_read(ip, p->s, p->n);
}

static bool
is_word(const struct part *p, const char *word)
{
	return p->n == strlen(word) && memcmp(p->s, word, p->n) == 0;
}

static int
check_bind(struct reader *r)
{
	const struct part *p = r->bind;
	size_t len;

	if (!p)
		return 0;
	if (r->public)
		return fail(r, p, "is not needed: on which address a bastion "
		    "listens is its own affair");
	if (p->n == 0 && !p->bracketed)
		return fail(r, NULL, "an address is missing before the colon; "
		    "* is every address");
	len = address(p);
	if (p->bracketed && len != 16)
		return fail(r, p, "is no address of IPv6");
	if (len || is_word(p, "*"))
		return 0;
	if (is_word(p, "localhost")) {
		r->bind = NULL;
		return 0;
	}
	if (r->kind == FORWARD_REMOTE && is_name(p))
		return 0;
	return fail(r, p, r->nparts == 2 && r->kind == FORWARD_LOCAL ?
	    "is no address of this host to listen on; another port there is "
	    "named as in 8000:localhost:9000" :
	    "is no address of this host to listen on: an IP address, "
	    "localhost, or *");
}

static int
check_host(const struct reader *r)
{
	const struct part *p = r->host;

	if (!p || (p->bracketed ? address(p) == 16 : is_name(p)))
		return 0;
	return fail(r, p, p->bracketed ? "is no address of IPv6" :
	    "is no host: a name or an address");
}

/* What each part is, by how many there are. */
static int
assign(struct reader *r)
{
	bool target = r->nparts > 2;
	size_t at = (r->nparts == 2 || r->nparts == 4);
	int e;

	if (target == (r->kind == FORWARD_DYNAMIC) &&
	    r->kind != FORWARD_LOCAL)
		return fail(r, NULL, form(r->kind));
	r->bind = at ? &r->part[0] : NULL;
	r->host = target ? &r->part[at + 1] : NULL;
	e = read_ports(r, &r->part[at], true, &r->port);
	if (e == 0)
		e = check_bind(r);
	if (e == 0)
		e = check_host(r);
	if (e < 0)
		return e;
	r->to = r->port;
	if (target)
		e = read_ports(r, &r->part[at + 2], false, &r->to);
	else if (r->port.first == 0 && r->kind == FORWARD_LOCAL)
		e = fail(r, NULL, "where does it lead? As in 0:localhost:8000");
	if (e == 0 && r->to.last - r->to.first != r->port.last - r->port.first)
		e = fail(r, NULL, "the two ranges are of different lengths");
	return e;
}

static bool
same_bind(const char *a, const struct part *b)
{
	if (!a || !b)
		return !a && !b;
	return is_word(b, a);
}

/* Two cannot listen in one place. */
static int
check_twice(const struct reader *r, const struct forward_specs *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct forward_spec *f = &s->v[i];

		if ((f->kind == FORWARD_REMOTE) !=
		    (r->kind == FORWARD_REMOTE) || f->udp != r->udp ||
		    f->public != r->public || f->port == 0 ||
		    f->port < r->port.first || f->port > r->port.last ||
		    !same_bind(f->bind, r->bind))
			continue;
		buf_printf(r->why, "'%.200s': port %d is given twice",
		    r->text, f->port);
		return ERR_PROTO;
	}
	return 0;
}

static char *
dup_part(const struct part *p)
{
	return p ? mem_dupn(p->s, p->n) : NULL;
}

static int
append(const struct reader *r, struct forward_specs *s)
{
	size_t n = (size_t)(r->port.last - r->port.first) + 1, i;

	if (n > FORWARDS_MAX || s->n + n > FORWARDS_MAX) {
		buf_printf(r->why, "'%.200s': more than %d forwards", r->text,
		    FORWARDS_MAX);
		return ERR_LIMIT;
	}
	s->v = mem_grow(s->v, (s->n + n) * sizeof(*s->v));
	for (i = 0; i < n; i++)
		s->v[s->n++] = (struct forward_spec){
			.kind = r->kind,
			.udp = r->udp,
			.public = r->public,
			.bind = dup_part(r->bind),
			.port = r->port.first + (int)i,
			.host = dup_part(r->host),
			.to = r->kind == FORWARD_DYNAMIC ? 0 :
			    r->to.first + (int)i,
		};
	return 0;
}

int
forward_specs_add(struct forward_specs *s, enum forward_kind kind,
    const char *text, struct buf *why)
{
	struct reader r = { .kind = kind, .text = text, .why = why };
	const char *end = text + strlen(text), *slash = strrchr(text, '/');
	int e;

	if (end - text > TEXT_MAX)
		return fail(&r, NULL, "too long");
	if (slash) {
		if (strcmp(slash, "/udp") != 0 || kind != FORWARD_LOCAL)
			return fail(&r, NULL, kind == FORWARD_LOCAL ?
			    "only /udp may stand at its end" :
			    "nothing may stand at its end: datagrams go "
			    "through -L only");
		r.udp = true;
		end = slash;
	}
	r.public = kind == FORWARD_REMOTE &&
	    strncmp(text, PUBLIC, strlen(PUBLIC)) == 0;
	text += r.public ? strlen(PUBLIC) : 0;
	e = cut(&r, text, end);
	if (e == 0)
		e = assign(&r);
	if (e == 0)
		e = check_twice(&r, s);
	return e < 0 ? e : append(&r, s);
}

void
forward_specs_release(struct forward_specs *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->v[i].bind);
		free(s->v[i].host);
	}
	free(s->v);
	*s = (struct forward_specs){ 0 };
}

static void
put(struct buf *b, const char *host, int port, bool udp)
{
	const char *form = !host ? "%s%d%s" : strchr(host, ':') ?
	    "[%s]:%d%s" : "%s:%d%s";

	buf_printf(b, form, host ? host : "", port, udp ? "/udp" : "");
}

void
forward_put_local(struct buf *b, const struct forward_spec *f)
{
	const char *here = f->kind == FORWARD_REMOTE ? NULL : "127.0.0.1";

	if (f->public)
		buf_puts(b, PUBLIC);
	put(b, f->bind ? f->bind : here, f->port, f->udp);
}

void
forward_put_target(struct buf *b, const struct forward_spec *f)
{
	if (f->kind == FORWARD_DYNAMIC)
		buf_puts(b, "SOCKS5");
	else
		put(b, f->host ? f->host : "localhost", f->to, f->udp);
}
