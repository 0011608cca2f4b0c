/* A port of this host's loopback that the visitor of an offer has asked for.
 * Whoever connects to it gets a stream of a mux session on the visitor's own
 * stream, which is also as long as the port stays. */
#ifndef NET_DOOR_H
#define NET_DOOR_H

#include "core/door_name.h"
#include "core/socks5.h"
#include "net/client_internal.h"

struct door_how {
	const char *offer; /* borrowed, as long as the client; */
	const char *allow; /* a text for allow_parse_here; NULL: nothing */
	const char *from;  /* of the visitor, for the log; NULL: not known */
	const char *name;  /* see core/door_name.h */
	int port;	   /* 0: any that is allowed */
};

struct door;
/* Takes the place of the one of the same name.  NULL: why, and the code of the
 * reply. */
struct door *door_open(struct client *c, const struct door_how *how,
    enum socks5_code *code, struct buf *why);
int door_port(const struct door *d);
/* Takes s, which has had its reply; within the same turn. */
void door_lead(struct door *d, struct stream *s);
void doors_end(struct client *c);

/* What both ends of such a session keep to. */
extern const struct mux_limits door_limits;

#endif
