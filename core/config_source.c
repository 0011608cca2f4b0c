// SPDX-License-Identifier: MIT
/* auth.tokenSource: a token that stands in a file of its own. */
#include "core/config_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/err.h"

/* Finds a member in any case; all others are unknown. */
static int
members(struct config_reader *r, const struct value *v, const char *path,
    const char *const *names, const struct value **found)
{
	size_t i, k;

	if (v->type != VALUE_TABLE)
		return config_type_error(r, v, path, "object");
	for (i = 0; i < v->n; i++) {
		for (k = 0; names[k] && strcasecmp(v->keys[i], names[k]); k++)
			;
		if (names[k] && v->list[i]->type != VALUE_NULL)
			found[k] = v->list[i];
		if (!names[k] &&
		    config_unknown(r, v->list[i], v->keys[i]) < 0)
			return ERR_PROTO;
	}
	return 0;
}

int
config_token_source(struct config_reader *r, const struct value *v,
    const char *path, struct auth_conf *a)
{
	static const char *const top[] = { "type", "file", "exec", NULL };
	static const char *const in_file[] = { "path", NULL };
	const struct value *at[3] = { 0 }, *file[1] = { 0 };
	const char *what = NULL;
	char *type = NULL;

	if (members(r, v, path, top, at) < 0 ||
	    (at[0] && config_str(r, at[0], path, &type) < 0))
		return ERR_PROTO;
	free(a->token_file);
	a->token_file = NULL;
	if ((at[1] && members(r, at[1], path, in_file, file) < 0) ||
	    (file[0] && config_str(r, file[0], path, &a->token_file) < 0)) {
		free(type);
		return ERR_PROTO;
	}
	if (type && strcmp(type, "file") == 0) {
		if (!at[1])
			what = "file configuration is required when type is "
			       "'file'";
		else if (!a->token_file || !*a->token_file)
			what = "file path cannot be empty";
		if (what)
			config_problem(r->problems, "invalid %s: %s", path,
			    what);
	} else if (type && strcmp(type, "exec") == 0) {
		config_problem(r->problems, "not supported yet: %s.exec (a "
		    "token from a command)", path);
	} else {
		config_problem(r->problems, "invalid %s: unsupported value "
		    "source type: %.100s (only 'file' and 'exec' are "
		    "supported)", path, type ? type : "");
	}
	free(type);
	return 0;
}

void
config_check_auth(const struct auth_conf *a, struct buf *problems)
{
	if (a->token && a->token_file)
		config_problem(problems, "cannot specify both auth.token and "
					 "auth.tokenSource");
}
