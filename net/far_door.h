/* Ports of a worker's loopback that lead here; see net/door.h. */
#ifndef NET_FAR_DOOR_H
#define NET_FAR_DOOR_H

#include "net/far_words.h"
#include "net/visitor.h"

/* 4, 6; 0: both; <0: a worker opens none at that address. */
int far_door_family(const char *bind);

struct far_doors;
/* Of those remotes that are not public.  names is borrowed. */
struct far_doors *far_doors_new(struct far *f, const struct far_names *names);
/* From when the worker is there until it is not: they are asked for, and again
 * when they are refused or lost. */
void far_doors_start(struct far_doors *d, struct visitor *v);
void far_doors_stop(struct far_doors *d);
void far_doors_free(struct far_doors *d); /* stopped; NULL is fine */

#endif
