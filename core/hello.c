// SPDX-License-Identifier: MIT
#include "core/hello.h"

#include <string.h>

#include "core/bytes.h"

static const struct {
	const char *mark;
	enum hello hello;
} marks[] = {
	{ "\x16", HELLO_TLS },
	{ "\x17", HELLO_FRP_TLS },
	{ "GET /~!frp", HELLO_WEBSOCKET },
	{ "GET ", HELLO_HTTP },
	{ "POST ", HELLO_HTTP },
	{ "HEAD ", HELLO_HTTP },
	{ "PUT ", HELLO_HTTP },
	{ "DELETE ", HELLO_HTTP },
	{ "OPTIONS ", HELLO_HTTP },
	{ "CONNECT ", HELLO_HTTP },
	{ "TRACE ", HELLO_HTTP },
	{ "PATCH ", HELLO_HTTP },
	{ "PRI * HTTP", HELLO_HTTP },
	{ "SSH-", HELLO_SSH },
};

enum hello
hello_of(const uint8_t *p, size_t n)
{
	enum hello open = HELLO_PLAIN;
	size_t i;

	if (n == 0)
		return HELLO_MORE;
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t len = strlen(marks[i].mark);

		if (memcmp(p, marks[i].mark, min_size(n, len)) != 0)
			continue;
		if (n >= len)
			return open == HELLO_MORE ? HELLO_MORE :
						    marks[i].hello;
		open = HELLO_MORE; /* a longer mark may still come true */
	}
	return open;
}

int
hello_v2(const uint8_t *p, size_t n)
{
	static const uint8_t mark[HELLO_V2_LEN] = { 'F', 'R', 'P', 0, 2, '\r',
		'\n' };

	if (n && memcmp(p, mark, min_size(n, sizeof(mark))) != 0)
		return -1;
	return n >= sizeof(mark);
}

const char *
hello_hint(uint8_t first)
{
	switch (first) {
	case 0x00:
		return "the peer speaks yamux, this side does not: set "
		       "transport.tcpMux alike on both";
	case 0x16:
	case 0x17:
		return "the peer speaks TLS inside: is it behind a proxy that "
		       "adds TLS of its own?";
	case 'F':
		return "the peer speaks frp's wire protocol v2, which is not "
		       "supported yet: set transport.wireProtocol = \"v1\" "
		       "there";
	case 'G':
	case 'P':
	case 'H':
		return "the peer speaks HTTP";
	default:
		return NULL;
	}
}
