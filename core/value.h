/* A tree of values: what TOML and JSON settings become. */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	char **keys;	     /* TABLE only, same index; in order of writing */
	size_t n, cap;
	uint8_t mark; /* for the one who builds or reads the tree */
};

struct value *value_new(enum value_type type, unsigned line);
void value_free(struct value *v); /* NULL is fine; whole tree */
struct value *value_get(const struct value *table, const char *key);
struct value *value_get_fold(const struct value *table, const char *key);
void value_add(struct value *list, struct value *taken);
/* The key is copied; it must not be there yet. */
void value_set(struct value *table, const char *key, struct value *taken);
const char *value_type_name(const struct value *v); /* as Go names it: bool,
	number, string, array, object */

struct value_error {
	unsigned line, column; /* from 1; 0 unknown */
	char text[160];
};

/* NULL and the reason in e.  Depth is capped at 64 and size at 4 MiB.
 * toml_parse is TOML 1.0, whole (core/toml.c); json_parse is in
 * core/json_tree.c. */
struct value *toml_parse(const char *text, size_t n, struct value_error *e);
struct value *json_parse(const char *text, size_t n, struct value_error *e);

#endif
