/* What a worker lets others reach: "22,8000-8100,db.internal:5432,
 * 10.0.0.0/8:22,[fd00::]/8".  An item of ports alone is about the machine
 * itself and nothing else.  A name stands for itself, not for addresses that
 * it may have; an address or a net stands for every name that leads there. */
#ifndef CORE_ALLOW_H
#define CORE_ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

struct allow_item;

struct allow { /* all zero allows nothing */
	struct allow_item *v;
	size_t n, cap;
};

/* Commas between items, blanks around them.  0, or ERR_PROTO and the reason;
 * then a is empty. */
int allow_parse(struct allow *a, const char *text, struct buf *why);
/* The same where nothing but ports of the machine itself may stand. */
int allow_parse_here(struct allow *a, const char *text, struct buf *why);
void allow_release(struct allow *a);

/* May one go to that host and port?  host is the name or address as it was
 * asked for; ip, of 4 or 16 bytes, is where it would really go, or NULL while
 * that is not known.  Ask before a name is looked up, and if that is false
 * once more with each address it has; go to an address that was asked about.
 * The unspecified addresses are never allowed. */
bool allow_check(const struct allow *a, const char *host, const uint8_t *ip,
    size_t ip_len, int port);

#endif
