// SPDX-License-Identifier: MIT
#include "core/http_connect.h"

#include "core/err.h"
#include "core/text.h"

static void
put_basic(struct buf *to, const char *user, const char *password)
{
	struct buf pair = { 0 };
	size_t len;

	buf_printf(&pair, "%s:%s", user, password ? password : "");
	len = TEXT_B64_LEN(buf_len(&pair));
	buf_puts(to, "Proxy-Authorization: Basic ");
	text_b64((char *)buf_room(to, len + 1), buf_peek(&pair),
	    buf_len(&pair));
	buf_added(to, len);
	buf_puts(to, "\r\n");
	buf_wipe(&pair);
}

int
http_connect_ask(struct buf *to, const char *target, const char *user,
    const char *password)
{
	if (!http_head_is_target(target))
		return ERR_PROTO;
	buf_printf(to, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n"
	    "User-Agent: Mozilla/5.0\r\n", target, target);
	if (user)
		put_basic(to, user, password);
	buf_puts(to, "\r\n");
	return 0;
}

int
http_connect_answer(struct http_head *h, const uint8_t **p, size_t *n,
    struct buf *why)
{
	int r = http_head_take(h, p, n);

	if (r == 0 || (r > 0 && http_head_status(h) == 200))
		return r;
	http_head_put_status(h, why);
	return r < 0 ? r : http_head_status(h) == 407 ? ERR_AUTH : ERR_PROTO;
}
