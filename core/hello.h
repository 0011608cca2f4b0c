/* The first bytes of a connection tell what speaks: as few as needed. */
#ifndef CORE_HELLO_H
#define CORE_HELLO_H

#include <stddef.h>
#include <stdint.h>

enum hello {
	HELLO_MORE,	 /* not yet clear */
	HELLO_TLS,	 /* 0x16: TLS itself */
	HELLO_FRP_TLS,	 /* 0x17: a mark to swallow, TLS behind it */
	HELLO_WEBSOCKET, /* GET /~!frp */
	HELLO_PLAIN,	 /* frp without TLS, or its mux */
	HELLO_HTTP,	 /* somebody's browser */
	HELLO_SSH,
};

enum hello hello_of(const uint8_t *p, size_t n);

/* The same for the first bytes of a stream where a message must come. */
#define HELLO_V2_LEN 7
/* 1: it is the mark of wire protocol v2, 0: not yet clear, <0: it is not. */
int hello_v2(const uint8_t *p, size_t n);

/* What to say to people about a stream whose first byte makes no sense where
 * a message (mux off) was due; NULL when there is nothing to say. */
const char *hello_hint(uint8_t first);

#endif
