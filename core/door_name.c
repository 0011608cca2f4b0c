// SPDX-License-Identifier: MIT
#include "core/door_name.h"

#include <string.h>

#include "core/text.h"

#define DIGITS (2 * DOOR_ID)

bool
door_name_read(struct door_name *to, const char *text)
{
	const char *family = text + DIGITS;

	if (strlen(text) < DIGITS || text_unhex(to->id, text, DIGITS) < 0)
		return false;
	to->family = strcmp(family, ".4") == 0 ? 4 :
	    strcmp(family, ".6") == 0	       ? 6 :
						 0;
	return to->family || !*family;
}

void
door_name_put(struct buf *b, const struct door_name *n)
{
	char hex[DIGITS + 1];

	text_hex(hex, n->id, DOOR_ID);
	buf_puts(b, hex);
	if (n->family)
		buf_printf(b, ".%d", n->family);
}
