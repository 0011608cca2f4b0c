/* Under which name a port of its loopback is asked for at an offer: 32 hex
 * digits, which nobody else can guess, so whoever comes again with them is the
 * same; and ".4" or ".6" behind them for one family alone. */
#ifndef CORE_DOOR_NAME_H
#define CORE_DOOR_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

#define DOOR_ID 16

struct door_name {
	uint8_t id[DOOR_ID];
	int family; /* 4, 6; 0: both */
};

bool door_name_read(struct door_name *to, const char *text);
void door_name_put(struct buf *b, const struct door_name *n);

#endif
