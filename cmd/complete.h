/* What may follow on a command line that is being typed, out of the tables of
 * commands and options. */
#ifndef CMD_COMPLETE_H
#define CMD_COMPLETE_H

#include "core/buf.h"

/* words: the line so far, from the program's name to the word at the cursor,
 * which may be empty; ends with NULL.  Appends a line for each way to go on:
 * the word, and behind a tab what it is. */
void complete_line(char *const *words, char *const *env, struct buf *to);
/* "workers", "bastions" or "tunnels" of the settings file, a line each.  <0:
 * there is nothing of that kind. */
int complete_names(const char *of, char *const *env, struct buf *to);

#endif
