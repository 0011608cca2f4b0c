// SPDX-License-Identifier: MIT
/* Which settings differ. */
#include <string.h>

#include "core/config.h"

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool
same_ranges(const struct ranges *a, const struct ranges *b)
{
	return a->n == b->n &&
	    (!a->n || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

bool
config_same(const struct config_row *row, const void *one, const void *two)
{
	const void *a = (const char *)one + row->offset;
	const void *b = (const char *)two + row->offset;
	const struct auth_conf *x = a, *y = b;

	if (row->offset == CONFIG_UNUSED)
		return true;
	switch (row->kind) {
	case CONFIG_STR:
	case CONFIG_PINS:
		return same_text(*(char *const *)a, *(char *const *)b);
	case CONFIG_INT:
	case CONFIG_PORT:
	case CONFIG_PACKET:
		return *(const int64_t *)a == *(const int64_t *)b;
	case CONFIG_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case CONFIG_RANGES:
		return same_ranges(a, b);
	case CONFIG_SCOPES:
		return x->heartbeats == y->heartbeats &&
		    x->new_work_conns == y->new_work_conns;
	case CONFIG_SOURCE:
		return same_text(x->token_file, y->token_file);
	default:
		return false; /* no setting of a server */
	}
}
