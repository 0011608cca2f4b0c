/* How ssh is run, and what its last words mean to people. */
#ifndef NET_FAR_SSH_ARGS_H
#define NET_FAR_SSH_ARGS_H

#include <stdbool.h>

#include "core/buf.h"
#include "net/far.h"

/* Of the far side, with its socket at path.  A NULL-ended list, each item and
 * the list itself the caller's; see far_ssh_args_free. */
char **far_ssh_args(const struct far_ssh_conf *c, const char *path);
void far_ssh_args_free(char **argv);
/* <0: why says what of it cannot be. */
int far_ssh_check(const struct far_ssh_conf *c, struct buf *why);
/* "user@host:port", as far as it is known. */
void far_ssh_put_name(struct buf *to, const struct far_ssh_conf *c);
/* What to try; "" for nothing.  *mends: time alone may mend it. */
void far_ssh_put_hint(struct buf *to, const struct far_ssh_conf *c,
    const char *line, bool *mends);
/* Is it said by the way, and no reason for anything? */
bool far_ssh_is_chat(const char *line);

#endif
