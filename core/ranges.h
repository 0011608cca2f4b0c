/* Numbers as frp lists them: "1000-2000,3000". */
#ifndef CORE_RANGES_H
#define CORE_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

struct port_range {
	int first, last; /* both count */
};

struct ranges {
	struct port_range *v;
	size_t n;
};

/* Adds what text lists to r.  0, or ERR_PROTO and the reason, in frp's words,
 * in why; then r is empty. */
int ranges_parse(struct ranges *r, const char *text, struct buf *why);
void ranges_add(struct ranges *r, int first, int last);
bool ranges_has(const struct ranges *r, int n);
void ranges_release(struct ranges *r);

#endif
