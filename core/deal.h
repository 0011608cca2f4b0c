/* Who waits for something that has to be asked for, and how much of it is on
 * its way.  Those who wait stand in lines; what comes is dealt out over the
 * lines in turn, so that none stands behind the crowd of another, and within
 * a line to the oldest.  Those who are in no hurry get theirs when no line has
 * anybody else.  now is an argument, in milliseconds.
 *
 * What is asked for much at a time comes in a crowd, and all else that goes
 * the same way stands behind it.  So little is, as long as more would only
 * make it come later; on a long way that is much. */
#ifndef CORE_DEAL_H
#define CORE_DEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/list.h"

#define DEAL_ASKED 1024 /* the most that is on its way, */
#define DEAL_LAST  64	/* and for those who are in no hurry */
#define DEAL_FEW   4	/* so much always may be */

struct deal_turns {
	struct list queues; /* struct deal_queue, where somebody waits */
	size_t waiting;
};

struct deal_queue {
	struct deal_turns *of;
	struct list turn;  /* in queues */
	struct list waits; /* struct deal_wait */
};

struct deal_line {
	struct deal_queue now, last;
};

struct deal_wait {
	struct list at;
	struct deal_queue *in; /* NULL: it does not wait */
};

struct deal {
	struct deal_turns now, last;
	size_t asked;	   /* and neither come nor given up, */
	size_t window;	   /* of which so much may be, beyond the spare */
	uint64_t grown;	   /* when that was last made more */
	bool short_of;	   /* more would have been asked for */
	uint64_t mark;	   /* when that was asked for which is awaited, */
	size_t ahead;	   /* behind so much else; 0: nothing is */
	uint32_t best;	   /* ms that it takes on an empty way */
	uint64_t silent;   /* since when: nothing came */
	uint32_t patience; /* so long, then what was asked for is lost */
};

void deal_init(struct deal *d);
void deal_line_init(struct deal_line *line, struct deal *d);

void deal_add(struct deal_line *line, struct deal_wait *w);
/* It goes to the end of those who are in no hurry, wherever it was. */
void deal_add_last(struct deal_line *line, struct deal_wait *w);
void deal_drop(struct deal_wait *w); /* waits no more */
size_t deal_waiting(const struct deal *d);
/* Whose turn it is, who waits no more; or NULL. */
struct deal_wait *deal_next(struct deal *d);

/* How much to ask for now, which counts as asked for: something for each who
 * waits, and spare more. */
size_t deal_ask(struct deal *d, uint64_t now, size_t spare);
void deal_asked(struct deal *d); /* for another reason */
void deal_came(struct deal *d, uint64_t now);
/* When those who wait have heard nothing for too long; UINT64_MAX: never.
 * Then deal_tick takes what was asked for as lost, and waits for longer. */
uint64_t deal_deadline(const struct deal *d);
void deal_tick(struct deal *d, uint64_t now);

#endif
