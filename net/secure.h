/* TLS over another stream, as a stream. */
#ifndef NET_SECURE_H
#define NET_SECURE_H

#include "crypto/tls.h"
#include "net/loop.h"
#include "net/stream.h"

/* Takes under.  STREAM_UP comes when the handshake is done; what is put before
 * waits for it.  name as in tls_new. */
struct stream *secure_new(struct loop *l, struct stream *under,
    struct tls_conf *conf, const char *name);
const struct tls *secure_tls(const struct stream *s);
/* The pin of the peer with whom s, or what is below it, has shaken hands; NULL
 * without TLS. */
const char *secure_peer(const struct stream *s);
/* The pin of a server for which the handshake has failed; else NULL. */
const char *secure_strange(const struct stream *s);

#endif
