/* The tokens that are valid: those of a file, one a line, or the one of a
 * setting.  Who has shown one keeps it while it is wanted, whatever becomes of
 * the file. */
#ifndef CORE_TOKENS_H
#define CORE_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#include "core/auth.h"

#define TOKENS_MAX	 64
#define TOKENS_LONGEST	 4096
#define TOKENS_FILE_MAX	 65536 /* bytes, of a whole file */

struct token { /* shared */
	unsigned owners;
	char text[]; /* empty: everybody knows it */
};

struct token *token_new(const char *text, size_t n);
struct token *token_keep(struct token *t);
void token_drop(struct token *t); /* wiped with the last; NULL is fine */

struct tokens { /* all zero is empty */
	struct token *v[TOKENS_MAX];
	size_t n;
};

enum tokens_fault {
	TOKENS_FINE,
	TOKENS_EMPTY,
	TOKENS_MANY,
	TOKENS_LONG,
	TOKENS_BINARY,
	/* of who reads the file: */
	TOKENS_UNREAD,
	TOKENS_LARGE,
	TOKENS_IRREGULAR,
	TOKENS_OPEN_TO_OTHERS,
	TOKENS_FAULTS
};

/* Each line is one, without white space around it; lines that begin with "# "
 * and empty ones are passed over.  But what is one line altogether is that
 * token, as frp reads it, whatever it begins with. */
enum tokens_fault tokens_parse(struct tokens *to, const char *text, size_t n);
/* What is wrong and what to do, behind the name of the file. */
const char *tokens_fault(enum tokens_fault f);
bool tokens_same(const struct tokens *a, const struct tokens *b);
/* The one under which key was made for time t, borrowed; or NULL.  Constant
 * time in tokens and key. */
struct token *tokens_match(const struct tokens *t, int64_t time,
    const char *key);
void tokens_release(struct tokens *t);

#endif
