/* A log that stays small: at its limit the file is put aside, once, and begun
 * anew.  A disk that is full loses lines and nothing else. */
#ifndef CMD_CAPLOG_H
#define CMD_CAPLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/log.h"

#define CAPLOG_SIZE (1024 * 1024)

struct caplog;
/* dir is borrowed; old is the name of what is put aside.  stdio: standard
 * output and error are led to the file, too.  Never fails. */
struct caplog *caplog_new(int dir, const char *name, const char *old,
    size_t size, bool stdio);
void caplog_free(struct caplog *c);
struct log caplog_log(struct caplog *c, enum log_level level);

#endif
