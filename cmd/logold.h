/* The log files of past days, and the directory that holds them. */
#ifndef CMD_LOGOLD_H
#define CMD_LOGOLD_H

#include <stdint.h>
#include <time.h>

/* Deletes what was put aside more than days ago; all stays when days < 0. */
void logold_sweep(const char *path, int64_t days, time_t now);
/* Makes the directories that path goes through; a failure shows on opening. */
void logold_make_dirs(const char *path);

#endif
