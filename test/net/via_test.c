// SPDX-License-Identifier: MIT
/* A proxy that is held by the test, one byte at a time. */
#include "net/via.h"

#include "test/net/net.h"

struct heard {
	struct stream *s;
	int calls;
	char error[300], data[40];
	size_t n;
};

static void
on_data(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct heard *h = arg;

	(void)s;
	if (ev == STREAM_DATA && h->n + n < sizeof(h->data)) {
		memcpy(h->data + h->n, p, n);
		h->n += n;
	}
}

static void
on_via(void *arg, struct stream *s, const char *error)
{
	struct heard *h = arg;

	h->calls++;
	h->s = s;
	snprintf(h->error, sizeof(h->error), "%s", error ? error : "");
	if (s)
		stream_on(s, on_data, h);
}

static void
read_all(int fd, char *to, size_t cap, size_t *n)
{
	ssize_t r = recv(fd, to + *n, cap - *n, 0);

	*n += r > 0 ? (size_t)r : 0;
}

struct play {
	const char *url, *host;
	const char *said; /* by the proxy, bytes of it */
	size_t len;
	bool whole, hang_up; /* all in one go; the end is behind it */
	const char *error, *data;
};

/* What the client wrote is put at asked. */
static size_t
run(const struct play *p, char *asked, size_t cap)
{
	struct loop *l = loop_new(&net_log);
	struct proxy_url u;
	struct buf why = { 0 };
	struct heard h = { 0 };
	struct via_to to = { .proxy = &u, .host = p->host, .port = 7000 };
	size_t i, n = 0;
	int fd[2];

	CHECK(proxy_url_parse(&u, p->url, &why) == 0);
	net_pair(fd);
	net_nodelay(fd[0]);
	via_new(l, conn_new(l, fd[1]), &to, on_via, &h);
	CHECK(h.calls == 0);
	net_turns(l, 3);
	read_all(fd[0], asked, cap, &n);
	for (i = 0; i < p->len; i += p->whole ? p->len : 1) {
		send(fd[0], p->said + i, p->whole ? p->len : 1, MSG_NOSIGNAL);
		net_turns(l, 3);
		read_all(fd[0], asked, cap, &n);
	}
	if (p->hang_up)
		shutdown(fd[0], SHUT_WR);
	net_turns(l, 3);
	CHECK(h.calls == 1);
	CHECK_STR(h.error, p->error);
	CHECK((h.s != NULL) == !*p->error);
	CHECK(h.n == strlen(p->data) && memcmp(h.data, p->data, h.n) == 0);
	stream_close(h.s);
	close(fd[0]);
	net_turns(l, 3);
	loop_free(l);
	proxy_url_release(&u);
	buf_free(&why);
	return n;
}

static void
plays(const struct play *p, const char *want, size_t len)
{
	char asked[2000];
	struct play q = *p;
	size_t n;

	q.whole = true;
	n = run(&q, asked, sizeof(asked));
	CHECK(n == len && memcmp(asked, want, len) == 0);
	q.whole = false;
	n = run(&q, asked, sizeof(asked));
	CHECK(n == len && memcmp(asked, want, len) == 0);
}

#define BYTES(s) s, sizeof(s) - 1

TEST(via_http_leads_on_and_loses_no_byte)
{
	static const char ask[] = "CONNECT inside.example:7000 HTTP/1.1\r\n"
	    "Host: inside.example:7000\r\nUser-Agent: Mozilla/5.0\r\n\r\n";
	static const char six[] = "CONNECT [::1]:7000 HTTP/1.1\r\n"
	    "Host: [::1]:7000\r\nUser-Agent: Mozilla/5.0\r\n\r\n";
	struct play p = { .url = "http://proxy:3128",
		.host = "inside.example", .error = "",
		.data = "early words" };

	p.said = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\nearly words";
	p.len = strlen(p.said);
	plays(&p, BYTES(ask));
	p.host = "::1";
	plays(&p, BYTES(six));
	p.host = "[::1]";
	plays(&p, BYTES(six));
}

TEST(via_http_says_why_not)
{
	static const char ask[] = "CONNECT h:7000 HTTP/1.1\r\n"
	    "Host: h:7000\r\nUser-Agent: Mozilla/5.0\r\n"
	    "Proxy-Authorization: Basic dTpw\r\n\r\n";
	struct play p = { .url = "http://u:p@proxy", .host = "h",
		.data = "" };

	p.said = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
	p.len = strlen(p.said);
	p.error = "proxy 'proxy:80': the answer is "
		  "'407 Proxy Authentication Required'";
	plays(&p, BYTES(ask));
	p.len = 10;
	p.hang_up = true;
	p.error = "proxy 'proxy:80': it closed the connection instead of an "
		  "answer";
	plays(&p, BYTES(ask));
}

TEST(via_socks5_tells_names_as_names_and_addresses_as_bytes)
{
	static const char name[] = "\5\2\0\2" "\1\1u\1p" "\5\1\0\3\16"
	    "inside.example\x1b\x58";
	static const char four[] = "\5\1\0" "\5\1\0\1\x7f\0\0\1\x1b\x58";
	static const char six[] = "\5\1\0" "\5\1\0\4"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x1b\x58";
	static const char yes[] = "\5\2" "\1\0" "\5\0\0\1\0\0\0\0\0\0more";
	static const char open[] = "\5\0" "\5\0\0\1\0\0\0\0\0\0more";
	struct play p = { .url = "socks5://u:p@proxy",
		.host = "inside.example", .error = "", .data = "more",
		.said = yes, .len = sizeof(yes) - 1 };

	plays(&p, BYTES(name));
	p = (struct play){ .url = "socks5://proxy", .host = "127.0.0.1",
		.error = "", .data = "more", .said = open,
		.len = sizeof(open) - 1 };
	plays(&p, BYTES(four));
	p.host = "::1";
	plays(&p, BYTES(six));
	p.host = "[::1]";
	plays(&p, BYTES(six));
}

TEST(via_socks5_says_why_not)
{
	static const char ask[] = "\5\1\0" "\5\1\0\3\1h\x1b\x58";
	static const char no[] = "\5\0" "\5\5\0\1\0\0\0\0\0\0";
	static const char wants[] = "\5\377";
	struct play p = { .url = "socks5://[::1]:9", .host = "h",
		.data = "", .said = no, .len = sizeof(no) - 1,
		.error = "proxy '[::1]:9': connection refused" };

	plays(&p, BYTES(ask));
	p.said = wants;
	p.len = 2;
	p.error = "proxy '[::1]:9': it wants authentication";
	plays(&p, ask, 3);
}

TEST(via_refuses_a_target_that_cannot_be_asked_for)
{
	char longest[400];
	struct play p = { .url = "http://proxy", .host = "a b", .data = "" };

	p.error = "proxy 'proxy:80': the server's name, or user or password, "
		  "cannot be told to it";
	plays(&p, "", 0);
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	p.url = "socks5://proxy:80";
	p.host = longest;
	plays(&p, "", 0);
}

TEST(via_cancelled_calls_nobody)
{
	struct loop *l = loop_new(&net_log);
	struct proxy_url u;
	struct buf why = { 0 };
	struct heard h = { 0 };
	struct via_to to = { .proxy = &u, .host = "h", .port = 1 };
	char c;
	int fd[2];

	CHECK(proxy_url_parse(&u, "http://proxy", &why) == 0);
	net_pair(fd);
	via_cancel(via_new(l, conn_new(l, fd[1]), &to, on_via, &h));
	via_cancel(NULL);
	net_turns(l, 3);
	CHECK(h.calls == 0);
	while (recv(fd[0], &c, 1, 0) > 0)
		;
	CHECK(errno == ECONNRESET || errno == EAGAIN || errno == 0);
	close(fd[0]);
	loop_free(l);
	proxy_url_release(&u);
}
