/* Servers that were met before, and the pins of their keys; a line each:
 *
 *	bastion.example:7000 sha256:...
 *	[fd00::1]:7000 sha256:...
 *
 * A line may be empty, or begin with '#'.  Of one server there may be several,
 * which are all valid. */
#ifndef CORE_KNOWN_H
#define CORE_KNOWN_H

#include <stddef.h>

#include "core/buf.h"

/* As such a line has it, whatever case the host is written in.  <0: it cannot
 * stand in a line. */
int known_put_name(struct buf *to, const char *host, int port);

struct known {
	struct buf pins;  /* as one text, see crypto/pins.h; empty: none */
	struct buf lines; /* their numbers: "3", "3 and 7" */
	size_t n;
	size_t bad;	  /* the number of a line that is damaged, and is of
			     this server or nobody knows of whom; or 0 */
};

/* What the text says of this name.  To be released. */
void known_find(struct known *to, const char *text, size_t n,
    const char *name);
void known_release(struct known *k);
/* One more line, behind all that is there. */
void known_add(struct buf *text, const char *name, const char *pin);

#endif
