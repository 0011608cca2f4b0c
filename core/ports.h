/* Which public ports are in use, by whom, and who had which before.  Whether a
 * port can be bound is found out by net/; here is only the book-keeping. */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"

struct ports;

/* allowed is copied; empty means 1-65535. */
struct ports *ports_new(const struct ranges *allowed, uint64_t seed);
void ports_free(struct ports *p);
/* The same for allowed ones from now on; who holds a port that is none of them
 * any more keeps it.  False: they are as they were. */
bool ports_allow(struct ports *p, const struct ranges *allowed);

bool ports_allowed(const struct ports *p, int port);
/* Who holds the port, or NULL. */
void *ports_owner(const struct ports *p, int port);
/* name is remembered for a day after the port is given back. */
void ports_take(struct ports *p, int port, const char *name, void *owner);
void ports_give(struct ports *p, int port, uint64_t now);
size_t ports_used(const struct ports *p); /* of the allowed ones */
size_t ports_total(const struct ports *p);

/* Free ports to try for name, best first: the one it had, then others from a
 * place that dice chooses, each once; 0 when there is none left.  *at starts
 * with 0 and is the walk's own. */
int ports_next(struct ports *p, const char *name, uint64_t now, uint32_t dice,
    uint32_t *at);
/* "10000-10002,10005", for people; cut with … when it is long. */
void ports_text(const struct ports *p, char *to, size_t n);

#endif
