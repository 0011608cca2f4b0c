// SPDX-License-Identifier: MIT
#include "core/http_upgrade.h"

#include "core/err.h"
#include "test/t.h"

#define NONCE "the sample nonce"
#define KEY   "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, 1.3 */
#define ASK                                                          \
	"GET /~!frp HTTP/1.1\r\nHost: h:7000\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"      \
	"Origin: http://h:7000\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define REPLY                                                          \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"   \
	"Connection: Upgrade\r\n"                                      \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

/* What the server says, in all splits alike; rest: bytes it left alone. */
static int
serve(const char *text, struct buf *out, size_t *rest)
{
	size_t cut, n = strlen(text), left = 0, first_left = 0;
	int r = 0, first = 0;

	for (cut = 0; cut <= n; cut++) {
		struct http_upgrade u = { 0 };
		struct buf said = { 0 };
		const uint8_t *p = (const uint8_t *)text;

		left = cut;
		r = http_upgrade_serve(&u, &p, &left, &said);
		left += n - cut;
		if (r == 0)
			r = http_upgrade_serve(&u, &p, &left, &said);
		CHECK(r == 0 || http_upgrade_serve(&u, &p, &left, &said) == r);
		if (cut == 0) {
			first = r;
			first_left = left;
			buf_puts(out, buf_text(&said));
		}
		CHECK(r == first && left == first_left);
		CHECK_STR(buf_text(&said), buf_text(out));
		buf_free(&said);
		http_upgrade_release(&u);
	}
	*rest = first_left;
	return first;
}

static void
says(const char *text, const char *want)
{
	struct buf out = { 0 };
	size_t rest;
	int r = serve(text, &out, &rest);

	if (!CHECK((r > 0) == (strcmp(want, "101") == 0) && r != 0 &&
	    strncmp(buf_text(&out), "HTTP/1.1 ", 9) == 0 &&
	    strncmp(buf_text(&out) + 9, want, 3) == 0))
		printf("    %s\n    %s\n", text, buf_text(&out));
	buf_free(&out);
}

/* The good request with one text replaced. */
static void
says_with(const char *from, const char *to, const char *want)
{
	struct buf b = { 0 };
	const char *at = strstr(ASK, from);

	if (!CHECK(at))
		return;
	buf_put(&b, ASK, (size_t)(at - ASK));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	says(buf_text(&b), want);
	buf_free(&b);
}

TEST(http_upgrade_server_answers_the_known_bytes_and_leaves_the_rest)
{
	struct buf out = { 0 };
	size_t rest;

	CHECK(serve(ASK "frames", &out, &rest) == 1 && rest == 6);
	CHECK_STR(buf_text(&out), REPLY);
	buf_free(&out);
}

TEST(http_upgrade_server_waits_for_the_blank_line)
{
	size_t n;

	for (n = 0; n < sizeof(ASK) - 1; n++) {
		struct http_upgrade u = { 0 };
		struct buf out = { 0 };
		const uint8_t *p = (const uint8_t *)ASK;
		size_t left = n;

		CHECK(http_upgrade_serve(&u, &p, &left, &out) == 0);
		CHECK(left == 0 && buf_len(&out) == 0);
		http_upgrade_release(&u);
	}
}

TEST(http_upgrade_server_takes_what_other_clients_write)
{
	says_with("Upgrade: websocket", "UPGRADE:  WebSocket\t", "101");
	says_with("Connection: Upgrade", "connection: keep-alive, upgrade",
	    "101");
	says_with("/~!frp", "/~!frp?x=y", "101");
	says_with("Host: h:7000\r\n", "Host: h:7000\n", "101");
	says_with("http://h:7000", "wss+x.y-z:host", "101");
	says_with("http://h:7000", "/path", "101");
}

TEST(http_upgrade_server_refuses_each_thing_that_is_wrong)
{
	says_with("GET", "POST", "405");
	says_with("GET", "get", "405");
	says_with("/~!frp", "/~!frpx", "404");
	says_with("/~!frp", "/", "404");
	says_with("Origin: http://h:7000\r\n", "", "403");
	says_with("http://h:7000", "", "403");
	says_with("http://h:7000", "null", "403");
	says_with("http://h:7000", "http:", "403");
	says_with("http://h:7000", "http://a b", "403");
	says_with("http://h:7000", "1http://a", "403");
	says_with("Upgrade: websocket", "Upgrade: websocket2", "400");
	says_with("Upgrade: websocket\r\n", "", "400");
	says_with("Connection: Upgrade", "Connection: close", "400");
	says_with("Sec-WebSocket-Key: " KEY "\r\n", "", "400");
	says_with(KEY, "", "400");
	says_with(KEY, "a\r\nSec-WebSocket-Key: b", "400");
	says_with("Version: 13", "Version: 8", "400");
	says_with("Host: h:7000\r\n", "", "400");
	says_with("Host: h:7000", "Host: a\r\nHost: b", "400");
	says_with("HTTP/1.1", "HTTP/2.0", "400");
	says_with("HTTP/1.1\r\n", "\r\n", "400");
	says_with("Host:", "Host :", "400");
	says_with("Host:", " Host:", "400");
	says_with("Host: h", "Host: h\x01", "400");
	says_with("Host:", "Content-Length: 5\r\nHost:", "400");
	says_with("Host:", "Transfer-Encoding: chunked\r\nHost:", "400");
	says("\r\n" ASK, "400");
	says("\n", "400");
}

TEST(http_upgrade_heads_have_limits)
{
	struct buf b = { 0 };
	size_t n, rest;
	struct buf out = { 0 };
	int i;

	for (n = 0; n < 2; n++) {
		struct http_head h = { 0 };
		const uint8_t *p;
		size_t fill;

		buf_puts(&b, "GET / HTTP/1.1\r\nX: ");
		fill = HTTP_HEAD_MAX - buf_len(&b) - 4 + n;
		memset(buf_room(&b, fill), 'x', fill);
		buf_added(&b, fill);
		buf_puts(&b, "\r\n\r\n");
		p = buf_peek(&b);
		rest = buf_len(&b);
		CHECK(http_head_take(&h, &p, &rest) == (n ? ERR_LIMIT : 1));
		CHECK(h.text.cap <= HTTP_HEAD_MAX);
		http_head_release(&h);
		buf_free(&b);
	}
	for (n = 0; n < 2; n++) {
		buf_puts(&b, "GET / HTTP/1.1\r\n");
		for (i = 0; i < HTTP_HEAD_FIELDS + (int)n; i++)
			buf_puts(&b, "a: b\r\n");
		buf_puts(&b, "\r\n");
		says(buf_text(&b), n ? "431" : "400");
		buf_free(&b);
	}
	buf_free(&out);
}

static int
answer(const char *text, char *said, size_t *rest)
{
	struct http_upgrade u = { 0 };
	struct buf to = { 0 };
	const uint8_t *p = (const uint8_t *)text;
	int r;

	CHECK(http_upgrade_ask(&u, &to, "h:7000",
	    (const uint8_t *)NONCE) == 0);
	CHECK_STR(buf_text(&to), ASK);
	buf_take(&to, buf_len(&to));
	*rest = strlen(text);
	r = http_upgrade_answer(&u, &p, rest, &to);
	CHECK(r == 0 || http_upgrade_answer(&u, &p, rest, &to) == r);
	snprintf(said, 100, "%s", buf_text(&to));
	buf_free(&to);
	http_upgrade_release(&u);
	return r;
}

static void
objects(const char *from, const char *to, const char *want)
{
	struct buf b = { 0 };
	const char *at = strstr(REPLY, from);
	char said[100];
	size_t rest;

	buf_put(&b, REPLY, (size_t)(at - REPLY));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	CHECK(answer(buf_text(&b), said, &rest) < 0);
	CHECK_STR(said, want);
	buf_free(&b);
}

TEST(http_upgrade_client_checks_the_reply)
{
	char said[100];
	size_t rest, n;

	CHECK(answer(REPLY "\x82\x01x", said, &rest) == 1 && rest == 3);
	CHECK_STR(said, "");
	for (n = 0; n < sizeof(REPLY) - 1; n++) {
		char part[sizeof(REPLY)] = "";

		memcpy(part, REPLY, n);
		CHECK(answer(part, said, &rest) == 0 && rest == 0);
	}
	objects("101 Switching Protocols", "404 Not Found",
	    "websocket: the answer is '404 Not Found'");
	objects("101 Switching Protocols", "404",
	    "websocket: the answer is '404'");
	objects("HTTP/1.1 101", "SSH-2.0", "websocket: the answer is no HTTP");
	objects("Upgrade: websocket", "A: b",
	    "websocket: the reply does not upgrade");
	objects("Connection: Upgrade", "Connection: x, Upgrade",
	    "websocket: the reply does not upgrade");
	objects("xOo=", "xOp=",
	    "websocket: the accept value is not that of our key");
	objects("xOo=", "xOo=\r\nSec-WebSocket-Extensions: x",
	    "websocket: the reply brings what was not asked for");
}

TEST(http_upgrade_asks_for_no_host_with_blanks)
{
	struct http_upgrade u = { 0 };
	struct buf to = { 0 };

	CHECK(http_upgrade_ask(&u, &to, "a b", (const uint8_t *)NONCE) < 0);
	CHECK(http_upgrade_ask(&u, &to, "a\r\nX: y",
	    (const uint8_t *)NONCE) < 0);
	CHECK(http_upgrade_ask(&u, &to, "", (const uint8_t *)NONCE) < 0);
	CHECK(buf_len(&to) == 0);
}
