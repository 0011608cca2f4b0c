// SPDX-License-Identifier: MIT
/* What both roles and datagrams share, and the server. */
#include "core/socks5_in.h"

#include <string.h>

#include "core/bytes.h"
#include "core/err.h"
#include "core/mem.h"
#include "crypto/hash.h"

bool
socks5_gather(struct socks5 *s, const uint8_t **p, size_t *n, size_t want)
{
	size_t part;

	if (s->have >= want)
		return true;
	part = min_size(want - s->have, *n);
	if (part > 0) {
		memcpy(s->in + s->have, *p, part);
		s->have = (uint16_t)(s->have + part);
		*p += part;
		*n -= part;
	}
	return s->have == want;
}

size_t
socks5_addr_len(const uint8_t *p)
{
	switch (p[0]) {
	case ADDR_IPV4:
		return 1 + 4 + 2;
	case ADDR_IPV6:
		return 1 + 16 + 2;
	case ADDR_NAME:
		return 2 + (size_t)p[1] + 2;
	default:
		return 0;
	}
}

bool
socks5_get_addr(struct socks5_addr *a, const uint8_t *p)
{
	size_t n = socks5_addr_len(p);

	*a = (struct socks5_addr){ .port = be16(p + n - 2) };
	if (p[0] == ADDR_NAME) {
		memcpy(a->name, p + 2, p[1]);
		return p[1] > 0 && !memchr(a->name, '\0', p[1]);
	}
	a->ip_len = (uint8_t)(n - 3);
	memcpy(a->ip, p + 1, a->ip_len);
	return true;
}

void
socks5_put_addr(struct buf *to, const struct socks5_addr *a)
{
	uint8_t head[2], port[2];

	head[0] = a->ip_len == 4 ? ADDR_IPV4 : a->ip_len ? ADDR_IPV6 :
	    ADDR_NAME;
	head[1] = (uint8_t)strlen(a->name);
	put_be16(port, a->port);
	if (a->ip_len) {
		buf_put(to, head, 1);
		buf_put(to, a->ip, a->ip_len);
	} else {
		buf_put(to, head, 2);
		buf_puts(to, a->name);
	}
	buf_put(to, port, sizeof(port));
}

bool
socks5_set_name(struct socks5_addr *a, const char *name, uint16_t port)
{
	size_t n = strlen(name);

	*a = (struct socks5_addr){ .port = port };
	if (n == 0 || n > SOCKS5_NAME_MAX)
		return false;
	memcpy(a->name, name, n);
	return true;
}

void
socks5_wipe(struct socks5 *s)
{
	mem_wipe(s->in, sizeof(s->in));
	s->have = 0;
}

void
socks5_server(struct socks5 *s, const char *user, const char *password)
{
	*s = (struct socks5){ .state = SERVER_METHODS, .user = user,
		.password = password };
	s->method = user ? METHOD_PASSWORD : METHOD_NONE;
}

static int
refuse(struct socks5 *s, int err)
{
	socks5_wipe(s);
	return s->err = err;
}

/* Each of these: 1 when its message was taken, 0 when bytes are missing. */
static int
take_methods(struct socks5 *s, const uint8_t **p, size_t *n, struct buf *out)
{
	uint8_t answer[2] = { VERSION, METHOD_REFUSED };

	if (!socks5_gather(s, p, n, 1))
		return 0;
	if (s->in[0] != VERSION)
		return refuse(s, ERR_PROTO);
	if (!socks5_gather(s, p, n, 2) ||
	    !socks5_gather(s, p, n, 2 + (size_t)s->in[1]))
		return 0;
	if (memchr(s->in + 2, s->method, s->in[1]))
		answer[1] = s->method;
	buf_put(out, answer, sizeof(answer));
	if (answer[1] == METHOD_REFUSED)
		return refuse(s, ERR_AUTH);
	s->state = s->method == METHOD_PASSWORD ? SERVER_PASSWORD :
	    SERVER_REQUEST;
	s->have = 0;
	return 1;
}

/* Their digests are compared, so that not even lengths show in the time. */
static bool
same_text(const uint8_t *p, size_t n, const char *text)
{
	uint8_t a[SHA256_LEN], b[SHA256_LEN];

	hash_sha256(a, p, n, NULL, 0);
	hash_sha256(b, text, strlen(text), NULL, 0);
	return hash_same(a, b, sizeof(a));
}

static int
take_password(struct socks5 *s, const uint8_t **p, size_t *n,
    struct buf *out)
{
	uint8_t answer[2] = { PASSWORD_VERSION, 1 };
	size_t at;
	bool user, password;

	if (!socks5_gather(s, p, n, 1))
		return 0;
	if (s->in[0] != PASSWORD_VERSION)
		return refuse(s, ERR_PROTO);
	if (!socks5_gather(s, p, n, 2))
		return 0;
	at = 2 + (size_t)s->in[1];
	if (!socks5_gather(s, p, n, at + 1) ||
	    !socks5_gather(s, p, n, at + 1 + s->in[at]))
		return 0;
	user = same_text(s->in + 2, s->in[1], s->user);
	password = same_text(s->in + at + 1, s->in[at],
	    s->password ? s->password : "");
	answer[1] = !(user & password);
	buf_put(out, answer, sizeof(answer));
	socks5_wipe(s);
	if (answer[1])
		return refuse(s, ERR_AUTH);
	s->state = SERVER_REQUEST;
	return 1;
}

static int
take_request(struct socks5 *s, const uint8_t **p, size_t *n, struct buf *out,
    enum socks5_command *command, struct socks5_addr *addr)
{
	size_t len;

	if (!socks5_gather(s, p, n, 1))
		return 0;
	if (s->in[0] != VERSION)
		return refuse(s, ERR_PROTO);
	/* the byte behind the address's kind tells the length of a name */
	if (!socks5_gather(s, p, n, 5))
		return 0;
	len = socks5_addr_len(s->in + 3);
	if (len == 0) {
		socks5_reply(out, SOCKS5_NO_ADDRESS, NULL);
		return refuse(s, ERR_PROTO);
	}
	if (!socks5_gather(s, p, n, 3 + len))
		return 0;
	if (!socks5_get_addr(addr, s->in + 3)) {
		socks5_reply(out, SOCKS5_FAILED, NULL);
		return refuse(s, ERR_PROTO);
	}
	if (s->in[1] < SOCKS5_CONNECT || s->in[1] > SOCKS5_UDP_ASSOCIATE) {
		socks5_reply(out, SOCKS5_NO_COMMAND, NULL);
		return refuse(s, ERR_PROTO);
	}
	*command = s->in[1];
	s->state = DONE;
	return 1;
}

int
socks5_request(struct socks5 *s, const uint8_t **p, size_t *n,
    struct buf *out, enum socks5_command *command, struct socks5_addr *addr)
{
	int r = 1;

	while (!s->err && r > 0) {
		switch (s->state) {
		case SERVER_METHODS:
			r = take_methods(s, p, n, out);
			break;
		case SERVER_PASSWORD:
			r = take_password(s, p, n, out);
			break;
		case SERVER_REQUEST:
			r = take_request(s, p, n, out, command, addr);
			if (r > 0)
				return 1;
			break;
		default:
			return 0;
		}
	}
	return s->err ? s->err : r;
}

void
socks5_reply(struct buf *out, enum socks5_code code,
    const struct socks5_addr *addr)
{
	static const struct socks5_addr nowhere = { .ip_len = 4 };
	uint8_t head[3] = { VERSION, (uint8_t)code, 0 };

	buf_put(out, head, sizeof(head));
	socks5_put_addr(out, addr && addr->ip_len ? addr : &nowhere);
}

size_t
socks5_datagram(struct socks5_addr *to, const uint8_t *p, size_t n)
{
	size_t len;

	/* two reserved bytes, the fragment's number, an address */
	if (n < 5 || p[2] != 0)
		return 0;
	len = socks5_addr_len(p + 3);
	if (len == 0 || n < 3 + len || !socks5_get_addr(to, p + 3))
		return 0;
	return 3 + len;
}

void
socks5_put_datagram(struct buf *to, const struct socks5_addr *addr)
{
	buf_put(to, "\0\0", 3);
	socks5_put_addr(to, addr);
}
