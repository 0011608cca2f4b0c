/* Between core/socks5*.c only. */
#ifndef CORE_SOCKS5_IN_H
#define CORE_SOCKS5_IN_H

#include "core/socks5.h"

enum { VERSION = 5, PASSWORD_VERSION = 1 };
enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff };
enum { ADDR_IPV4 = 1, ADDR_NAME = 3, ADDR_IPV6 = 4 };

enum socks5_state {
	SERVER_METHODS,
	SERVER_PASSWORD,
	SERVER_REQUEST,
	CLIENT_METHOD,
	CLIENT_PASSWORD,
	CLIENT_REPLY,
	DONE,
};

/* Takes bytes until want are there, no more. */
bool socks5_gather(struct socks5 *s, const uint8_t **p, size_t *n,
    size_t want);
/* Of the address at p, of which two bytes are there; 0: no such kind. */
size_t socks5_addr_len(const uint8_t *p);
/* It is there whole.  false: a name that cannot be one. */
bool socks5_get_addr(struct socks5_addr *a, const uint8_t *p);
void socks5_put_addr(struct buf *to, const struct socks5_addr *a);

#endif
