/* The one-line settings of a worker that opens one port of a range for
 * debugging: "type=frp,server=10.0.1.50:7000,server_public=54.123.45.67,
 * port_range=10000-50000". */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include <stdbool.h>

#include "core/buf.h"

#define WORKER_MAX 4096 /* longest text */

struct worker_conf {
	char *server; /* host, without brackets */
	int port;
	char *public_host; /* what users are told; the server when not given */
	int first, last; /* remote ports to try; first = 0: server picks */
	char *token;
	bool tls;
	char *pin; /* those of the server's key, see crypto/pins.h; or NULL */
};

/* 0, or <0 and the reason; to is then empty.  Every key at most once, save
 * pin, of which each is valid; no unknown key; neither blanks nor control
 * bytes. */
int worker_parse(struct worker_conf *to, const char *text, struct buf *why);
void worker_release(struct worker_conf *w);
/* "54.123.45.67:12345" out of the address that the server told. */
void worker_put_public(struct buf *b, const struct worker_conf *w,
    const char *remote_addr);

#endif
