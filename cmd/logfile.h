/* Where log lines end up: the console, or a file that begins anew each day.
 * Implements core/log.h's sink; the lines look as frp's do. */
#ifndef CMD_LOGFILE_H
#define CMD_LOGFILE_H

#include <stdbool.h>
#include <time.h>

#include "cmd/say.h"
#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"

struct logfile;

/* c->to is "console", that is descriptor 1 or 2 of say, which is borrowed, or
 * a path: its directories are made.  Never fails: a file that cannot be opened
 * is told of once on standard error, and tried again later. */
struct logfile *logfile_new(const struct log_conf *c, struct say *say,
    int console_fd);
void logfile_free(struct logfile *f);
struct log logfile_log(struct logfile *f, enum log_level level);

/* A line, and before it how many were lost.  False: this one is, too. */
bool logfile_put(struct out *o, enum log_level level, const char *where,
    const char *text, const struct timespec *now, bool color);

/* The parts of it, for tests: a line at a given time … */
void logfile_write(struct logfile *f, enum log_level level, const char *where,
    const char *text, const struct timespec *now);
void logfile_put_line(struct buf *b, enum log_level level, const char *where,
    const char *text, const struct timespec *now, bool color);
/* … the name that path gets when its day is over … */
void logfile_put_old_name(struct buf *b, const char *path, time_t now);
/* … and when the file with this base name was put aside; -1: it is not one
 * of path's. */
time_t logfile_old_time(const char *path, const char *name);

#endif
