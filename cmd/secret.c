// SPDX-License-Identifier: MIT
#include "cmd/secret.h"

#include <stdlib.h>

#include "cmd/load.h"
#include "cmd/people.h"
#include "cmd/start.h"
#include "core/mem.h"

/* Where one may come from, and what was found there: a file, called so; or
 * else the text. */
struct origin {
	const char *flag, *variable, *key;
	const char *called, *text;
	char *file;
};

static int
find(struct origin *p, const char *given, char *const *env,
    const char *text, const char *file, struct buf *why)
{
	const char *set = start_env(env, p->variable);

	p->text = text;
	p->called = given ? p->flag : p->key;
	if (given && !*given) {
		start_no_file(why, p->flag);
		return -1;
	}
	if (!given && set && *set)
		p->text = set;
	else if (given || file)
		p->file = person_from_root(given ? given : file, env);
	return p->file ? load_check_private(p->file, p->called, why) : 0;
}

int
secret_take(char **to, const char *given, char *const *env, const char *text,
    const char *file, struct buf *why)
{
	struct origin p = { "--secret-file", "CULVERT_SECRET", "secretFile",
		NULL, NULL, NULL };
	int r = find(&p, given, env, text, file, why);

	mem_free_secret(*to);
	*to = NULL;
	if (r == 0 && p.file) {
		buf_printf(why, "%s: ", p.called);
		*to = load_secret(p.file, why);
		r = *to && **to ? 0 : -1;
		if (r == 0)
			buf_take(why, buf_len(why));
		else if (*to)
			buf_printf(why, "'%s' is empty", p.file);
	} else if (r == 0) {
		*to = mem_dup(p.text);
	}
	free(p.file);
	return r;
}

int
secret_take_tokens(struct token_file *to, const char *given, char *const *env,
    const char *text, const char *file, struct buf *why)
{
	struct origin p = { "--token-file", "CULVERT_TOKEN", "tokenFile",
		NULL, NULL, NULL };
	int r = find(&p, given, env, text, file, why);

	if (r == 0 && p.file) {
		buf_printf(why, "%s: ", p.called);
		r = token_file_open(to, p.file, true, why);
		to->closed = true;
		if (r == 0)
			buf_take(why, buf_len(why));
	} else if (r == 0) {
		token_file_set(to, p.text);
	}
	free(p.file);
	return r;
}
