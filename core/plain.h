/* Text from elsewhere, as a terminal and a log may have it.  What a terminal
 * obeys, what begins a line, what turns the direction of reading, and what is
 * no UTF-8 appear byte by byte as \xNN; all else stays as it is, a backslash
 * too, so that what is plain already does not change. */
#ifndef CORE_PLAIN_H
#define CORE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

bool plain_is(uint32_t rune);
/* Cut between characters where there is no room; to is always ended. */
void plain_copy(char *to, size_t room, const char *from);
void plain_put(struct buf *to, const char *from);
/* As plain_put, but its lines stay lines: for several of our own. */
void plain_put_lines(struct buf *to, const char *from);

#endif
