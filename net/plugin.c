// SPDX-License-Identifier: MIT
#include "net/plugin.h"

#include <string.h>

static const struct plugin_type *const types[] = {
#define ROW(name) &plugin_type_##name,
	PLUGIN_TYPES(ROW)
};

const struct plugin_type *
plugin_type_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}
