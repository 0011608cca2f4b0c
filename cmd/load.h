/* Files that are read whole at the start, with reasons in Go's words. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include <stdbool.h>

#include "core/buf.h"

#define LOAD_MAX (4u << 20)

/* Appends to to; 0, or <0 and the reason: "open X: no such file or
 * directory".  open_to_all, if not NULL, tells whether others may read it. */
int load_file(const char *path, struct buf *to, bool *open_to_all,
    struct buf *why);
/* The rest of what is open already. */
int load_fd(int fd, const char *path, struct buf *to, struct buf *why);
/* The same as an owned text; NULL on failure.  A NUL inside is refused. */
char *load_text(const char *path, struct buf *why);
/* The same while a program runs: never waits, so that only regular files will
 * do; and one that is empty is being written. */
char *load_again(const char *path, struct buf *why);
/* The text without white space around it. */
char *load_secret(const char *path, struct buf *why);
/* <0 when others may use the file; what it is called goes in front. */
int load_check_private(const char *path, const char *what, struct buf *why);
/* errno's text as Go prints it. */
void load_put_errno(struct buf *b, int number);

#endif
