/* The file of the tokens, read again whenever they are needed, so that a token
 * can be changed while programs run.  What cannot be taken from it leaves the
 * tokens of before. */
#ifndef NET_TOKEN_FILE_H
#define NET_TOKEN_FILE_H

#include <sys/stat.h>

#include "core/buf.h"
#include "core/log.h"
#include "core/pace.h"
#include "core/tokens.h"

struct token_file { /* all zero is empty */
	struct tokens tokens; /* at least one, once it is open */
	char *path; /* NULL: nothing is read again */
	struct stat seen;
	bool closed; /* to others, or it is not read again */
	bool fresh;  /* a change in the same tick would not show in seen */
	bool ill, told; /* it is not right now; the log has it */
	struct pace_gate said[TOKENS_FAULTS];
};

/* Reads it.  A pipe or the like, if any may be, is read this once, and waited
 * for.  0, or <0 and the reason, with Go's words for the system's. */
int token_file_open(struct token_file *f, const char *path, bool any,
    struct buf *why);
/* No file: this is the token; NULL is the empty one. */
void token_file_set(struct token_file *f, const char *token);
/* Both together stay what they are, each in the other's place. */
void token_file_swap(struct token_file *a, struct token_file *b);
/* Reads it again if it has changed; never blocks for its kind of file. */
void token_file_refresh(struct token_file *f, const struct log *log,
    uint64_t now);
/* The one that a client shows, borrowed. */
struct token *token_file_first(const struct token_file *f);
/* Is it the empty one, which everybody knows? */
bool token_file_is_none(const struct token_file *f);
void token_file_release(struct token_file *f);

#endif
