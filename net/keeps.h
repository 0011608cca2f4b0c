/* What a log keeps (see core/log.h) while its reader has stopped: time makes
 * it try again, for a terminal cannot always be waited for. */
#ifndef NET_KEEPS_H
#define NET_KEEPS_H

#include <stdbool.h>

#include <ev.h>

#include "core/log.h"

struct keeps {
	ev_timer again; /* runs while it keeps any; nobody stays for it */
	bool due;
};

void keeps_init(struct keeps *k);
/* In each turn: asks the log whether it keeps anything, or lets it try. */
void keeps_look(struct keeps *k, struct ev_loop *ev, const struct log *log);
void keeps_end(struct keeps *k, struct ev_loop *ev);

#endif
