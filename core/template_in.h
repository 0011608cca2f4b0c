/* What the parts of the template renderer share; nobody else includes it.
 * template.c has the blocks, template_expr.c what stands in an action,
 * template_func.c the functions.  A dead renderer only checks what it reads:
 * that is how branches not taken are passed. */
#ifndef CORE_TEMPLATE_IN_H
#define CORE_TEMPLATE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/buf.h"
#include "core/template.h"

#define TEMPLATE_VARS  64
#define TEMPLATE_ARGS  16
#define TEMPLATE_ITEMS 65536	   /* numbers in one range */
#define TEMPLATE_TEXT  65536	   /* bytes in one text value */
#define TEMPLATE_HOLD  (16 << 20)  /* bytes in all values at one time */
#define TEMPLATE_OUT   (4 << 20)   /* bytes rendered */
#define TEMPLATE_GAPS  1000	   /* bytes of names that are told */
#define TEMPLATE_STEPS 1000000	   /* actions carried out */

enum tvalue_kind { TV_NONE, TV_TEXT, TV_INT, TV_BOOL, TV_PAIR, TV_LIST,
	TV_ROOT, TV_ENVS };

struct tvalue {
	enum tvalue_kind kind;
	const char *text; /* TEXT: NUL-ended, in the arena or the env */
	int64_t integer, second; /* second: PAIR, whose first is integer */
	bool boolean;
	const struct tvalue *list;
	size_t n;
	const char *variable; /* not NUL-ended; NULL: it is of none */
	size_t variable_len;
};

struct template {
	const char *start, *p, *end;
	char *const *env;
	struct buf *out, *why;
	struct template_gaps *gaps;
	struct {
		char name[48];
		struct tvalue value;
	} vars[TEMPLATE_VARS];
	size_t nvars;
	struct tvalue dot;
	void **held; /* the arena: what actions made */
	size_t *sizes, nheld, capheld, held_bytes;
	unsigned depth, steps;
	bool dead, trim; /* trim: the last action said -}} */
};

int template_fail(struct template *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void *template_hold(struct template *t, size_t n); /* NULL: too much */
void template_drop(struct template *t, size_t upto);

static inline bool
template_at(const struct template *t, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(t->end - t->p) >= n && memcmp(t->p, text, n) == 0;
}

static inline bool
template_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* template_expr.c */
void template_blank(struct template *t);
bool template_at_end(const struct template *t); /* of the action */
size_t template_word(const struct template *t); /* letters that come next */
bool template_word_is(const struct template *t, const char *word);
int template_expr(struct template *t, struct tvalue *v);
int template_var(struct template *t, char name[48]); /* $name, passed */
bool template_true(const struct tvalue *v);
int template_put(struct template *t, struct buf *to, const struct tvalue *v);

/* template_func.c */
typedef int template_func(struct template *t, const struct tvalue *args,
    size_t n, struct tvalue *v);
template_func *template_find(const char *name, size_t n);

#endif
