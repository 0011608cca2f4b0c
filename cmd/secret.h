/* What a person knows: it comes from a file that an option names, from the
 * environment or from the settings, in this order, and never from an
 * argument. */
#ifndef CMD_SECRET_H
#define CMD_SECRET_H

#include "net/token_file.h"

/* given: the option's file; text, file: what the settings have; NULL: nothing.
 * 0, or <0 and the reason.  *to may be NULL then, for none. */
int secret_take(char **to, const char *given, char *const *env,
    const char *text, const char *file, struct buf *why);
/* The same for the bastion's token; its file is read again later on. */
int secret_take_tokens(struct token_file *to, const char *given,
    char *const *env, const char *text, const char *file, struct buf *why);

#endif
