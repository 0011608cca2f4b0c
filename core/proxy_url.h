/* transport.proxyURL: "http://user:pass@host:port" and "socks5://…". */
#ifndef CORE_PROXY_URL_H
#define CORE_PROXY_URL_H

#include "core/buf.h"

enum proxy_url_kind { PROXY_URL_HTTP, PROXY_URL_SOCKS5 };

struct proxy_url {
	enum proxy_url_kind kind;
	char *host; /* without brackets */
	int port;   /* 80 or 1080 when none is given */
	char *user, *password; /* NULL without; escapes are undone */
};

/* 0, or ERR_PROTO and the reason, which never tells the password; to is then
 * empty. */
int proxy_url_parse(struct proxy_url *to, const char *text, struct buf *why);
void proxy_url_release(struct proxy_url *u);

#endif
