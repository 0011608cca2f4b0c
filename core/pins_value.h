/* Pins in settings: a text of them, or a list with one in each place. */
#ifndef CORE_PINS_VALUE_H
#define CORE_PINS_VALUE_H

#include "core/value.h"

/* *to, owned: as one text, see crypto/pins.h.  NULL, or why not; to is then
 * NULL. */
const char *pins_value(char **to, const struct value *v);

#endif
