// SPDX-License-Identifier: MIT
#include "net/proxy.h"

#include <string.h>

#include "net/visitor.h"

static const struct proxy_type *const types[] = {
#define ROW(name) &proxy_type_##name,
	PROXY_TYPES(ROW)
};

static const struct config_type *const proxy_confs[] = {
#define CONF(name) &proxy_conf_##name,
	PROXY_TYPES(CONF) NULL
};

#define VISITOR_CONF(name) &visitor_conf_##name,
static const struct config_type *const visitor_confs[] = {
	VISITOR_TYPES(VISITOR_CONF) NULL
};

const struct config_types proxy_config_types = { proxy_confs, visitor_confs };

const struct proxy_type *
proxy_type_of(const char *name)
{
	size_t i;

	if (!name || !*name)
		name = "tcp"; /* as frp reads an absent type */
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i]->conf->name, name) == 0)
			return types[i];
	return NULL;
}
