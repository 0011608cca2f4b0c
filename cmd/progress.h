/* What is being done, for whoever waits at a terminal: a line on standard
 * error once it takes long, gone again when it is done.  Elsewhere nothing;
 * and where all is to be told, each step a line of its own. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "cmd/say.h"
#include "net/loop.h"

#define PROGRESS_MS 300 /* what is faster is not worth a word */

struct progress { /* all zero tells nothing */
	struct loop *l;
	struct say *say;
	struct timer late;
	char now[200];
	bool terminal, shown;
};

void progress_start(struct progress *p, struct loop *l, struct say *say);
void progress_step(struct progress *p, const char *what);
/* The line is gone; the next step makes a new one, after a while. */
void progress_done(struct progress *p);

#endif
