// SPDX-License-Identifier: MIT
#include "core/http_connect.h"

#include "core/err.h"
#include "core/proxy_url.h"
#include "test/t.h"

static int
answer(const char *text, const char *want, size_t want_rest)
{
	size_t cut, n = strlen(text), left;
	int r = 0;

	for (cut = 0; cut <= n; cut++) {
		struct http_head h = { 0 };
		struct buf why = { 0 };
		const uint8_t *p = (const uint8_t *)text;

		left = cut;
		r = http_connect_answer(&h, &p, &left, &why);
		left += n - cut;
		if (r == 0)
			r = http_connect_answer(&h, &p, &left, &why);
		CHECK_STR(buf_text(&why), want);
		CHECK(left == want_rest);
		buf_free(&why);
		http_head_release(&h);
	}
	return r;
}

TEST(http_connect_asks_as_frp_does)
{
	struct buf b = { 0 };

	CHECK(http_connect_ask(&b, "frp.example:7000", NULL, NULL) == 0);
	CHECK_STR(buf_text(&b), "CONNECT frp.example:7000 HTTP/1.1\r\n"
	    "Host: frp.example:7000\r\nUser-Agent: Mozilla/5.0\r\n\r\n");
	buf_free(&b);
	CHECK(http_connect_ask(&b, "h:1", "Aladdin", "open sesame") == 0);
	CHECK_STR(buf_text(&b), "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n"
	    "User-Agent: Mozilla/5.0\r\nProxy-Authorization: Basic "
	    "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
	buf_free(&b);
	CHECK(http_connect_ask(&b, "h:1\r\nX: y", NULL, NULL) == ERR_PROTO);
	CHECK(buf_len(&b) == 0);
}

TEST(http_connect_takes_200_alone)
{
	CHECK(answer("HTTP/1.1 200 Connection established\r\n\r\nSSH", "",
	    3) == 1);
	CHECK(answer("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", "", 0) == 1);
	CHECK(answer("HTTP/1.1 200\n\n", "", 0) == 1);
	CHECK(answer("HTTP/1.1 200 OK\r\n", "", 0) == 0);
	CHECK(answer("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
	    "the answer is '407 Proxy Authentication Required'",
	    0) == ERR_AUTH);
	CHECK(answer("HTTP/1.1 204 No\r\n\r\n",
	    "the answer is '204 No'", 0) == ERR_PROTO);
	CHECK(answer("HTTP/1.1 2000 OK\r\n\r\n",
	    "the answer is no HTTP", 0) == ERR_PROTO);
	CHECK(answer("ICY 200 OK\r\n\r\n",
	    "the answer is no HTTP", 0) == ERR_PROTO);
}

static void
reads(const char *text, int kind, const char *host, int port,
    const char *user, const char *password)
{
	struct buf why = { 0 };
	struct proxy_url u;

	if (!CHECK(proxy_url_parse(&u, text, &why) == 0)) {
		printf("    %s: %s\n", text, buf_text(&why));
		buf_free(&why);
		return;
	}
	CHECK((int)u.kind == kind && u.port == port);
	CHECK_STR(u.host, host);
	CHECK(!u.user == !user && !u.password == !password);
	if (user && u.user)
		CHECK_STR(u.user, user);
	if (password && u.password)
		CHECK_STR(u.password, password);
	proxy_url_release(&u);
}

static void
refuses(const char *text, const char *want)
{
	struct buf why = { 0 };
	struct proxy_url u;

	CHECK(proxy_url_parse(&u, text, &why) == ERR_PROTO);
	CHECK(!u.host && !u.user && !u.password);
	CHECK_STR(buf_text(&why), want);
	buf_free(&why);
}

TEST(proxy_url_reads_every_part)
{
	reads("http://h:3128", PROXY_URL_HTTP, "h", 3128, NULL, NULL);
	reads("HTTP://h.example/", PROXY_URL_HTTP, "h.example", 80, NULL,
	    NULL);
	reads("socks5://10.0.0.1", PROXY_URL_SOCKS5, "10.0.0.1", 1080, NULL,
	    NULL);
	reads("socks5://[fd00::1]:1", PROXY_URL_SOCKS5, "fd00::1", 1, NULL,
	    NULL);
	reads("http://[::1]", PROXY_URL_HTTP, "::1", 80, NULL, NULL);
	reads("http://u:p@h:65535", PROXY_URL_HTTP, "h", 65535, "u", "p");
	reads("http://u@h", PROXY_URL_HTTP, "h", 80, "u", "");
	reads("http://a%40b:p%3A%2f:@x@h", PROXY_URL_HTTP, "h", 80, "a@b",
	    "p:/:@x");
}

TEST(proxy_url_says_what_is_wrong_and_no_password)
{
	refuses("h:3128", "there is no scheme, as http:// or socks5://");
	refuses("", "there is no scheme, as http:// or socks5://");
	refuses("https://h", "not supported yet: scheme 'https', only http and "
	    "socks5 are");
	refuses("ntlm://u:secret@h", "not supported yet: scheme 'ntlm', only "
	    "http and socks5 are");
	refuses("http://", "there is no proper host");
	refuses("http://u:secret@", "there is no proper host");
	refuses("http://a b", "there is no proper host");
	refuses("http://h:", "the port is no number from 1 to 65535");
	refuses("http://h:0", "the port is no number from 1 to 65535");
	refuses("http://h:65536", "the port is no number from 1 to 65535");
	refuses("http://h:1x", "the port is no number from 1 to 65535");
	refuses("http://h:1:2", "the port is no number from 1 to 65535");
	refuses("http://[::1", "no address between brackets");
	refuses("http://[]", "no address between brackets");
	refuses("http://[::1]x", "no ':' behind the brackets");
	refuses("http://u:%zz@h", "bad %-escape in user or password");
	refuses("http://u%00:x@h", "bad %-escape in user or password");
	refuses("http://u:secret%2@h", "bad %-escape in user or password");
	refuses("http://h/path", "there is something behind the host");
	refuses("http://h?q", "there is something behind the host");
}
