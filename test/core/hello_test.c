// SPDX-License-Identifier: MIT
#include "core/hello.h"

#include "test/t.h"

/* In memory of just the size, so that a sanitizer sees its end. */
static enum hello
hello(const char *text, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);
	enum hello h;

	memcpy(p, text, n);
	h = hello_of(p, n);
	free(p);
	return h;
}

TEST(hello_is_clear_at_one_byte_and_stays_so)
{
	static const struct {
		const char *text;
		size_t n, clear_at;
		enum hello want;
	} cases[] = {
		{ "\x16\x03\x01", 3, 1, HELLO_TLS },
		{ "\x17\x16\x03", 3, 1, HELLO_FRP_TLS },
		{ "GET /~!frp HTTP/1.1", 19, 10, HELLO_WEBSOCKET },
		{ "GET /~!frq", 10, 10, HELLO_HTTP },
		{ "GET / HTTP/1.1", 14, 6, HELLO_HTTP },
		{ "GET x", 5, 5, HELLO_HTTP },
		{ "GETX", 4, 4, HELLO_PLAIN },
		{ "POST /", 6, 5, HELLO_HTTP },
		{ "HEAD /", 6, 5, HELLO_HTTP },
		{ "PUT /", 5, 4, HELLO_HTTP },
		{ "DELETE /", 8, 7, HELLO_HTTP },
		{ "OPTIONS *", 9, 8, HELLO_HTTP },
		{ "CONNECT a:1", 11, 8, HELLO_HTTP },
		{ "TRACE /", 7, 6, HELLO_HTTP },
		{ "PATCH /", 7, 6, HELLO_HTTP },
		{ "PRI * HTTP/2.0", 14, 10, HELLO_HTTP },
		{ "PRI */", 6, 6, HELLO_PLAIN },
		{ "PX", 2, 2, HELLO_PLAIN },
		{ "SSH-2.0-x", 9, 4, HELLO_SSH },
		{ "SSL", 3, 3, HELLO_PLAIN },
		{ "get / ", 6, 1, HELLO_PLAIN },
		{ "\0\1\0\1\0\0\0\1", 8, 1, HELLO_PLAIN },
		{ "o\0\0\0\0\0\0\0\x9a{", 10, 1, HELLO_PLAIN },
		{ "FRP\0\2\r\n", 7, 1, HELLO_PLAIN },
	};
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (n = 0; n <= cases[i].n; n++)
			if (!CHECK(hello(cases[i].text, n) ==
				(n < cases[i].clear_at ? HELLO_MORE :
							 cases[i].want)))
				printf("    %s at %zu\n", cases[i].text, n);
}

TEST(hello_of_nothing_is_not_clear)
{
	CHECK(hello_of(NULL, 0) == HELLO_MORE);
	CHECK(hello_v2(NULL, 0) == 0);
}

/* frp speaks first with one of these, and must not be kept waiting. */
TEST(hello_of_every_first_byte)
{
	int c, more = 0;

	for (c = 0; c < 256; c++) {
		char byte = (char)c;
		enum hello h = hello(&byte, 1);

		if (h == HELLO_MORE) {
			more++;
			CHECK(strchr("GPHDOCTS", byte) && byte);
		} else {
			CHECK(h == (c == 0x16 ? HELLO_TLS :
				    c == 0x17 ? HELLO_FRP_TLS :
						HELLO_PLAIN));
		}
	}
	CHECK(more == 8);
}

TEST(hello_v2_is_seven_bytes)
{
	uint8_t mark[] = { 'F', 'R', 'P', 0, 2, '\r', '\n', 'x' };
	size_t n;

	for (n = 0; n <= sizeof(mark); n++)
		CHECK(hello_v2(mark, n) == (n >= HELLO_V2_LEN));
	for (n = 0; n < HELLO_V2_LEN; n++) {
		size_t cut;

		mark[n] ^= 1;
		for (cut = 0; cut <= sizeof(mark); cut++)
			CHECK(hello_v2(mark, cut) ==
			    (cut <= n ? 0 : -1));
		mark[n] ^= 1;
	}
}

TEST(hello_hints_where_there_is_something_to_say)
{
	CHECK(strstr(hello_hint(0), "tcpMux"));
	CHECK(strstr(hello_hint(0x16), "TLS"));
	CHECK(strstr(hello_hint(0x17), "TLS"));
	CHECK(strstr(hello_hint('F'), "v2"));
	CHECK(strstr(hello_hint('G'), "HTTP"));
	CHECK(strstr(hello_hint('P'), "HTTP"));
	CHECK(strstr(hello_hint('H'), "HTTP"));
	CHECK(hello_hint('o') == NULL);
	CHECK(hello_hint(0xff) == NULL);
}
