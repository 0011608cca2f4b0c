// SPDX-License-Identifier: MIT
#include "core/http_upgrade.h"

#include <string.h>

#include "core/err.h"
#include "core/text.h"
#include "crypto/hash.h"

#define GUID   "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */
#define ACCEPT TEXT_B64_LEN(SHA1_LEN)

void
http_upgrade_release(struct http_upgrade *u)
{
	http_head_release(&u->head);
}

static void
accept_of(char to[static ACCEPT + 1], const void *key, size_t n)
{
	uint8_t sum[SHA1_LEN];

	hash_sha1(sum, key, n, GUID, sizeof(GUID) - 1);
	text_b64(to, sum, sizeof(sum));
}

/* The only field of that name, and it is not empty. */
static bool
single(const struct http_head *h, const char *name, struct span *value)
{
	struct span second;

	return http_head_field(h, name, 0, value) && value->n > 0 &&
	    !http_head_field(h, name, 1, &second);
}

static bool
has(const struct http_head *h, const char *name)
{
	struct span value;

	return http_head_field(h, name, 0, &value);
}

static bool
same_bytes(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* As far as Go asks: an absolute URL, or a path. */
static bool
is_origin(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ')
			return false;
	if (s.n > 0 && s.p[0] == '/')
		return true;
	for (i = 0; i < s.n && s.p[i] != ':'; i++) {
		uint8_t c = s.p[i] | 0x20;

		if ((c < 'a' || c > 'z') && (i == 0 ||
		    ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '+' &&
		    s.p[i] != '-' && s.p[i] != '.')))
			return false;
	}
	return i > 0 && i + 1 < s.n;
}

static bool
asks_for_frames(const struct http_head *h)
{
	struct span s;

	return single(h, "Upgrade", &s) && span_is(s, "websocket") &&
	    http_head_field(h, "Connection", 0, &s) &&
	    span_holds(s, "upgrade");
}

/* What to answer a whole request: 101 when all is well. */
static int
judge(const struct http_head *h, struct span *key)
{
	struct span path = http_head_word(h, 1), version = http_head_word(h, 2),
	    s;
	const uint8_t *query = memchr(path.p, '?', path.n);

	if (query)
		path.n = (size_t)(query - path.p);
	/* a body could not be told from what follows */
	if ((!same_bytes(version, "HTTP/1.1") &&
	    !same_bytes(version, "HTTP/1.0")) || has(h, "Content-Length") ||
	    has(h, "Transfer-Encoding"))
		return 400;
	if (version.p[7] == '1' && !single(h, "Host", &s))
		return 400;
	if (!same_bytes(path, HTTP_UPGRADE_PATH))
		return 404;
	if (!same_bytes(http_head_word(h, 0), "GET"))
		return 405;
	if (!asks_for_frames(h) || !single(h, "Sec-WebSocket-Key", key) ||
	    !single(h, "Sec-WebSocket-Version", &s) || !same_bytes(s, "13"))
		return 400;
	if (!http_head_field(h, "Origin", 0, &s) || !is_origin(s))
		return 403;
	return 101;
}

static const char *
reason(int status)
{
	switch (status) {
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return "Bad Request";
	}
}

int
http_upgrade_serve(struct http_upgrade *u, const uint8_t **p, size_t *n,
    struct buf *out)
{
	char accept[ACCEPT + 1];
	struct span key;
	int r, status;

	if (u->err || u->head.whole)
		return u->err ? u->err : 1;
	r = http_head_take(&u->head, p, n);
	if (r == 0)
		return 0;
	status = r == ERR_LIMIT ? 431 : r < 0 ? 400 : judge(&u->head, &key);
	if (status != 101) {
		buf_printf(out, "HTTP/1.1 %d %s\r\nConnection: close\r\n%s"
		    "Content-Length: 0\r\n\r\n", status, reason(status),
		    status == 400 ? "Sec-WebSocket-Version: 13\r\n" : "");
		return u->err = r < 0 ? r : ERR_PROTO;
	}
	accept_of(accept, key.p, key.n);
	buf_printf(out, "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
	return 1;
}

int
http_upgrade_ask(struct http_upgrade *u, struct buf *to, const char *host,
    const uint8_t nonce[static HTTP_UPGRADE_NONCE])
{
	if (!http_head_is_target(host))
		return ERR_PROTO;
	text_b64(u->key, nonce, HTTP_UPGRADE_NONCE);
	buf_printf(to, "GET " HTTP_UPGRADE_PATH " HTTP/1.1\r\nHost: %s\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %s\r\nOrigin: http://%s\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n", host, u->key, host);
	return 0;
}

/* What is wrong with the reply, or NULL. */
static const char *
objection(const struct http_upgrade *u)
{
	const struct http_head *h = &u->head;
	char accept[ACCEPT + 1];
	struct span s;

	if (!single(h, "Upgrade", &s) || !span_is(s, "websocket") ||
	    !single(h, "Connection", &s) || !span_is(s, "upgrade"))
		return "the reply does not upgrade";
	accept_of(accept, u->key, HTTP_UPGRADE_KEY);
	if (!single(h, "Sec-WebSocket-Accept", &s) || !same_bytes(s, accept))
		return "the accept value is not that of our key";
	if (has(h, "Sec-WebSocket-Extensions") ||
	    has(h, "Sec-WebSocket-Protocol"))
		return "the reply brings what was not asked for";
	return NULL;
}

int
http_upgrade_answer(struct http_upgrade *u, const uint8_t **p, size_t *n,
    struct buf *why)
{
	const char *bad;
	int r;

	if (u->err || u->head.whole)
		return u->err ? u->err : 1;
	r = http_head_take(&u->head, p, n);
	if (r == 0)
		return 0;
	if (r < 0 || http_head_status(&u->head) != 101) {
		buf_puts(why, "websocket: ");
		http_head_put_status(&u->head, why);
		return u->err = r < 0 ? r : ERR_PROTO;
	}
	bad = objection(u);
	if (!bad)
		return 1;
	buf_printf(why, "websocket: %s", bad);
	return u->err = ERR_PROTO;
}
