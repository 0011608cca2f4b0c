/* What the parts of the TOML reader share; nobody else includes it.
 * toml.c has the lines of the document, toml_table.c the rules about what may
 * be defined where, toml_value.c, _string.c, _number.c and _time.c the values.
 * Everything here fails with ERR_PROTO or NULL, after toml_fail. */
#ifndef CORE_TOML_READ_H
#define CORE_TOML_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/value.h"

struct toml {
	const char *p, *end, *line_start;
	unsigned line, depth;
	struct value_error *error;
};

struct toml_key {
	char *part[VALUE_DEPTH];
	size_t n;
	unsigned line;
};

/* toml_read.c.  The first failure is the one that is kept. */
int toml_fail(struct toml *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int toml_check_bytes(struct toml *t); /* UTF-8 without control characters */
bool toml_at(const struct toml *t, const char *text);
bool toml_take(struct toml *t, char c); /* passes c, if it comes next */
void toml_skip_blank(struct toml *t);	/* in the line */
void toml_skip_lines(struct toml *t);	/* blanks, comments, line ends */
int toml_end_line(struct toml *t);	/* nothing may follow but a comment */
bool toml_newline(struct toml *t);	/* passes one, if it comes next */
int toml_key(struct toml *t, struct toml_key *k);
void toml_key_release(struct toml_key *k);

/* toml_string.c: from the opening quote on. */
int toml_string(struct toml *t, struct buf *to);
int toml_string_line(struct toml *t, struct buf *to); /* single-line only */

/* toml_number.c, toml_time.c: word is what stands there, up to a delimiter. */
struct value *toml_number(struct toml *t, const char *word, size_t n);
bool toml_is_time(const char *word, size_t n);
struct value *toml_time(struct toml *t); /* it takes its own bytes */

/* toml_value.c */
struct value *toml_value(struct toml *t);

/* toml_table.c */
struct value *toml_header(struct toml *t, struct value *root,
    const struct toml_key *k, bool array);
int toml_set(struct toml *t, struct value *table, const struct toml_key *k,
    struct value *taken);
void toml_close(struct value *v); /* nothing is added to it any more */

#endif
