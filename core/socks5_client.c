// SPDX-License-Identifier: MIT
#include <string.h>

#include "core/bytes.h"
#include "core/err.h"
#include "core/socks5_in.h"

static const char *const texts[] = {
	"succeeded",
	"general failure",
	"not allowed by its rules",
	"network unreachable",
	"host unreachable",
	"connection refused",
	"TTL expired",
	"command not supported",
	"address type not supported",
};

const char *
socks5_text(unsigned code)
{
	return code < sizeof(texts) / sizeof(*texts) ? texts[code] :
	    "unknown error";
}

static bool
fits(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= SOCKS5_NAME_MAX;
}

int
socks5_client(struct socks5 *s, struct buf *out, const char *user,
    const char *password, const struct socks5_addr *target)
{
	uint8_t hello[4] = { VERSION, 1, METHOD_NONE, METHOD_PASSWORD };

	*s = (struct socks5){ .state = CLIENT_METHOD, .user = user,
		.password = password ? password : "",
		.command = SOCKS5_CONNECT };
	if ((!target->ip_len && !*target->name) || (user && (!fits(user) ||
	    strlen(s->password) > SOCKS5_NAME_MAX)))
		return s->err = ERR_PROTO;
	hello[1] = user ? 2 : 1;
	buf_put(out, hello, 2 + (size_t)hello[1]);
	return 0;
}

static int
fail(struct socks5 *s, int err, struct buf *why, const char *what)
{
	buf_puts(why, what);
	return s->err = err;
}

static void
put_request(struct socks5 *s, struct buf *out,
    const struct socks5_addr *target)
{
	const uint8_t head[3] = { VERSION, s->command, 0 };

	buf_put(out, head, sizeof(head));
	socks5_put_addr(out, target);
	s->state = CLIENT_REPLY;
	s->have = 0;
}

void
socks5_hurry(struct socks5 *s, struct buf *out,
    const struct socks5_addr *target)
{
	put_request(s, out, target);
	s->state = CLIENT_METHOD;
	s->hurried = true;
}

static void
put_text(struct buf *out, const char *text)
{
	uint8_t n = (uint8_t)strlen(text);

	buf_put(out, &n, 1);
	buf_puts(out, text);
}

/* The server has chosen a method; 1: go on, 0: bytes are missing. */
static int
take_method(struct socks5 *s, const uint8_t **p, size_t *n, struct buf *out,
    const struct socks5_addr *target, struct buf *why)
{
	const uint8_t version = PASSWORD_VERSION;

	if (!socks5_gather(s, p, n, 2))
		return 0;
	if (s->in[0] != VERSION)
		return fail(s, ERR_PROTO, why, "it does not speak SOCKS5");
	s->have = 0;
	if (s->in[1] == METHOD_NONE && s->hurried) {
		s->state = CLIENT_REPLY;
		return 1;
	}
	if (s->in[1] == METHOD_NONE) {
		put_request(s, out, target);
		return 1;
	}
	if (s->in[1] != METHOD_PASSWORD || !s->user)
		return fail(s, ERR_AUTH, why, s->user ?
		    "it takes no user and password" :
		    "it wants authentication");
	buf_put(out, &version, 1);
	put_text(out, s->user);
	put_text(out, s->password);
	s->state = CLIENT_PASSWORD;
	return 1;
}

static int
take_verdict(struct socks5 *s, const uint8_t **p, size_t *n, struct buf *out,
    const struct socks5_addr *target, struct buf *why)
{
	if (!socks5_gather(s, p, n, 2))
		return 0;
	if (s->in[1] != 0)
		return fail(s, ERR_AUTH, why, "wrong user or password");
	put_request(s, out, target);
	return 1;
}

static int
take_reply(struct socks5 *s, const uint8_t **p, size_t *n, struct buf *why)
{
	size_t len;

	if (!socks5_gather(s, p, n, 2))
		return 0;
	if (s->in[0] != VERSION)
		return fail(s, ERR_PROTO, why, "its reply makes no sense");
	/* a proxy that refuses may say no more */
	if (s->in[1] != SOCKS5_OK)
		return fail(s, ERR_PROTO, why, socks5_text(s->in[1]));
	if (!socks5_gather(s, p, n, 5))
		return 0;
	len = socks5_addr_len(s->in + 3);
	if (len == 0)
		return fail(s, ERR_PROTO, why, "its reply makes no sense");
	if (!socks5_gather(s, p, n, 3 + len))
		return 0;
	s->state = DONE;
	return 1;
}

int
socks5_answer(struct socks5 *s, const uint8_t **p, size_t *n,
    struct buf *out, const struct socks5_addr *target, struct buf *why)
{
	int r = 1;

	while (!s->err && r > 0) {
		switch (s->state) {
		case CLIENT_METHOD:
			r = take_method(s, p, n, out, target, why);
			break;
		case CLIENT_PASSWORD:
			r = take_verdict(s, p, n, out, target, why);
			break;
		case CLIENT_REPLY:
			r = take_reply(s, p, n, why);
			break;
		default:
			return 1;
		}
	}
	return s->err ? s->err : r;
}

unsigned
socks5_code(const struct socks5 *s)
{
	if (s->state != CLIENT_REPLY || s->have < 2 || s->in[0] != VERSION)
		return SOCKS5_OK;
	return s->in[1];
}

int
socks5_port(const struct socks5 *s)
{
	return be16(s->in + s->have - 2);
}

int
socks5_line(struct socks5 *s, const uint8_t **p, size_t *n, struct buf *line)
{
	size_t len;
	char one;

	if (socks5_code(s) == SOCKS5_OK)
		return ERR_PROTO;
	if (!socks5_gather(s, p, n, 5))
		return 0;
	len = socks5_addr_len(s->in + 3);
	if (len == 0)
		return ERR_PROTO;
	if (!socks5_gather(s, p, n, 3 + len))
		return 0;
	for (; *n > 0; (*p)++, (*n)--) {
		if (**p == '\n' || buf_len(line) == SOCKS5_LINE_MAX)
			return 1;
		one = **p >= ' ' && **p <= '~' ? (char)**p : '?';
		buf_put(line, &one, 1);
	}
	return 0;
}
