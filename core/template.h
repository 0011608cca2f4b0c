/* The part of Go's text/template that settings files use: {{ .Envs.NAME }},
 * trims, comments, variables, range over parseNumberRange and
 * parseNumberRangePair, if / else if / else / end, eq ne not and or printf.
 * Whatever else the language has is refused by name and line. */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

#define TEMPLATE_NO_VALUE "<no value>" /* as Go writes what is not set */

/* The variables that left a gap in the text: 'A', 'B'. */
struct template_gaps {
	struct buf unset, empty;
	bool many_unset, many_empty;
};

/* Env is NULL-ended, NAME=value each; it may be NULL.  0 with the text added
 * to out, or ERR_PROTO and the reason in why.  gaps may be NULL; release it in
 * any case. */
int template_render(const char *text, size_t n, char *const *env,
    struct buf *out, struct template_gaps *gaps, struct buf *why);
void template_gaps_release(struct template_gaps *g);

#endif
