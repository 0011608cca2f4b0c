/* A tree of values: what TOML and JSON settings become.  Lookups go along the
 * keys one by one, so a table has at most VALUE_KEYS of them. */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_KEYS  10000
#define VALUE_DEPTH 64		/* levels of nesting, as written */
#define VALUE_SIZE  (4 << 20)	/* bytes of text */

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_REAL,
	VALUE_STR,
	VALUE_TIME, /* text as written, and which of the four kinds */
	VALUE_LIST,
	VALUE_TABLE,
};

enum value_time { TIME_OFFSET, TIME_LOCAL, TIME_DATE, TIME_CLOCK };

struct value {
	enum value_type type;
	enum value_time time;
	unsigned line; /* where it was written, from 1 */
	bool boolean;
	int64_t integer;
	double real;
	char *text; /* STR, TIME: NUL-ended; may hold NULs inside */
	size_t textlen;
	struct value **list; /* LIST, and TABLE's values */
	char **keys;	     /* TABLE only, same index; in order of writing;
				a NUL inside is C0 80 */
	size_t n, cap;
	uint8_t mark; /* for the one who builds the tree */
};

struct value *value_new(enum value_type type, unsigned line);
void value_free(struct value *v); /* NULL is fine; whole tree */
struct value *value_get(const struct value *table, const char *key);
struct value *value_get_fold(const struct value *table, const char *key);
void value_add(struct value *list, struct value *taken);
/* The key is copied; it must not be there yet. */
void value_set(struct value *table, const char *key, struct value *taken);
/* As Go names it: null, bool, number, string, array, object; and datetime. */
const char *value_type_name(const struct value *v);

struct value_error {
	unsigned line, column; /* from 1; 0 unknown */
	char text[160];
};

/* The tree, or NULL and the reason in e.  toml_parse is TOML 1.0, whole; in
 * json_parse the last of two members with one name wins, as in Go. */
struct value *toml_parse(const char *text, size_t n, struct value_error *e);
struct value *json_parse(const char *text, size_t n, struct value_error *e);

#endif
