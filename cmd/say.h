/* What a command tells people, on standard output and error.  Each line is
 * made plain (core/plain.h), whoever it comes from. */
#ifndef CMD_SAY_H
#define CMD_SAY_H

#include <stdio.h>

#include "cmd/out.h"
#include "core/log.h"

/* While a loop runs nobody waits for a terminal: lines leave when they can.
 * The loop's log has to be one that flushes them. */
struct say {
	struct out out, err;
	bool verbose; /* each step is told */
};
#define SAY_START(verbose_) { { .fd = 1 }, { .fd = 2 }, verbose_ }

void say_out(struct say *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void say_err(struct say *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void say_to(struct out *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
unsigned say_flush(void *say); /* of a struct log */
/* Its lines go to standard error if all is to be told, else nowhere. */
struct log say_log(struct say *s);
/* When the loop has ended: a slow reader has so long for what the log keeps,
 * and for what else was said; <0: he is waited for. */
#define SAY_LAST_MS 1000
void say_last(const struct log *l, int ms);
void say_close(struct say *s);

/* Before a loop, and after it. */
void say_line(FILE *to, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void say_lines(FILE *to, const char *text); /* several of our own */
int say_error(const char *why);	 /* "Error: why"; returns 1 */
int say_errors(const char *why); /* of settings: a line each */

#endif
