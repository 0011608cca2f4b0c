/* Numbers as Go writes them.  Each returns 0, or <0 and the reason. */
#ifndef CMD_NUMBER_H
#define CMD_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* With guessed base: 0x, 0o, 0b, a leading 0; '_' between digits. */
int number_int(const char *text, int64_t *to, struct buf *why);
int number_duration(const char *text, int64_t *nanoseconds, struct buf *why);
/* "N" or "A-B", blanks allowed around, 0 <= A <= B <= 65535. */
int number_range(const char *text, size_t n, int *first, int *last,
    struct buf *why);

/* "host", "host:7000", "[fd00::1]:7000" or "fd00::1"; the port stays where
 * none is named, and *host is replaced.  0, or <0: it is none of these. */
int number_host_port(const char *text, char **host, int64_t *port);
#define NUMBER_HOST_PORT "it is HOST, or HOST:PORT with a port from 1 to 65535"

#endif
