/* What serves a proxy in place of a service.  A kind is one file,
 * net/plugin_NAME.c, and one word in PLUGIN_TYPES; its settings are a row in
 * core/config_plugin.c. */
#ifndef NET_PLUGIN_H
#define NET_PLUGIN_H

#include "net/client_internal.h"

#define PLUGIN_TYPES(X) X(socks5) X(offer)

struct plugin_type {
	const char *name;
	/* takes the job's stream, which is payload from here on */
	void (*work)(struct client_job *j);
};

#define PLUGIN_DECLARE(name) extern const struct plugin_type plugin_type_##name;
PLUGIN_TYPES(PLUGIN_DECLARE)

/* NULL when there is no such type. */
const struct plugin_type *plugin_type_of(const char *name);

#endif
