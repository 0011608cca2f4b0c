/* Forwards as people write them: -L, -D and -R. */
#ifndef CORE_FORWARD_SPEC_H
#define CORE_FORWARD_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

enum forward_kind { FORWARD_LOCAL, FORWARD_DYNAMIC, FORWARD_REMOTE };

#define FORWARDS_MAX 1024 /* of one tunnel, ranges counted out */

struct forward_spec {
	enum forward_kind kind;
	bool udp;
	bool public; /* remote: of the bastion, not of the worker */
	char *bind; /* NULL: loopback, IPv4 and IPv6 both */
	int port;   /* where it listens; 0 only for a remote one, and with
		       --auto-port */
	char *host; /* its target; NULL: "localhost" there, or dynamic */
	int to;
};

struct forward_specs {
	struct forward_spec *v;
	size_t n;
};

/* -L [bind:]port[:host:port][/udp], -D [bind:]port, -R [bind:]port:host:port
 * or public:port:host:port;
 * ports may be ranges of one length, "8000-8010" or "8000-8010:host:9000-9010";
 * addresses of IPv6 in brackets; bind "*" is every address.  Appends; <0: why
 * says what is wrong with which part, in quotes. */
int forward_specs_add(struct forward_specs *s, enum forward_kind kind,
    const char *text, struct buf *why);
void forward_specs_release(struct forward_specs *s);
/* "127.0.0.1:8000", "localhost:8000/udp": for people and for JSON. */
void forward_put_local(struct buf *b, const struct forward_spec *f);
void forward_put_target(struct buf *b, const struct forward_spec *f);

#endif
