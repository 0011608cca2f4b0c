// SPDX-License-Identifier: MIT
#include "core/pins_value.h"

#include <string.h>

#include "core/buf.h"
#include "core/mem.h"
#include "crypto/pins.h"

const char *
pins_value(char **to, const struct value *v)
{
	bool many = v->type == VALUE_LIST;
	struct buf all = { 0 };
	const char *why = NULL;
	struct pins pins;
	size_t i;

	*to = NULL;
	if (many && v->n == 0)
		why = "the list is empty";
	for (i = 0; !why && i < (many ? v->n : 1); i++) {
		const struct value *one = many ? v->list[i] : v;

		if (one->type != VALUE_STR)
			why = "it is a text in quotes, or a list of them";
		else if (strlen(one->text) != one->textlen ||
		    (many && strchr(one->text, ',')))
			why = "a pin of a list has a comma in it, or a NUL";
		else
			buf_printf(&all, "%s%s", i ? "," : "", one->text);
	}
	if (!why)
		why = pins_read(&pins, buf_text(&all));
	if (!why)
		*to = mem_dup(buf_text(&all));
	buf_free(&all);
	return why;
}
