/* The part of Go's text/template that settings files use: {{ .Envs.NAME }},
 * trims, comments, variables, range over parseNumberRange and
 * parseNumberRangePair, if / else if / else / end, eq ne not and or printf.
 * Whatever else the language has is refused by name and line. */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include <stddef.h>

#include "core/buf.h"

/* Env is NULL-ended, NAME=value each; it may be NULL.  0 with the text added
 * to out, or ERR_PROTO and the reason in why. */
int template_render(const char *text, size_t n, char *const *env,
    struct buf *out, struct buf *why);

#endif
