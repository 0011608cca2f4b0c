/* Command line options as rows: the same table is parsed, checked and
 * printed as help.  The grammar and the words of errors are frp's. */
#ifndef CMD_OPT_H
#define CMD_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* How one kind of value is read.  set() puts text into the field and returns
 * 0, or says in why what is wrong with it and returns <0.  What a field holds
 * is owned by it; again means that the option came before. */
struct opt_kind {
	const char *word; /* what help calls the value; NULL: shows none */
	const char *bare; /* what the option alone means; NULL: needs a value */
	bool quoted;	  /* help shows the preset in quotes */
	int (*set)(void *field, const char *text, bool again, struct buf *why);
	void (*drop)(void *field); /* gives back what the field owns, or NULL */
};

extern const struct opt_kind opt_str;	   /* char * */
extern const struct opt_kind opt_bool;	   /* bool */
extern const struct opt_kind opt_word;	   /* bool that needs its value */
extern const struct opt_kind opt_int;	   /* int64_t */
extern const struct opt_kind opt_list;	   /* struct strings */
extern const struct opt_kind opt_pairs;	   /* struct pairs */
extern const struct opt_kind opt_ranges;   /* struct ranges */
extern const struct opt_kind opt_duration; /* int64_t, nanoseconds */

struct opt {
	char letter;	    /* 0: no short form */
	const char *name;   /* with '-', never '_'; NULL ends the table */
	const char *preset; /* NULL: the field is left as it is */
	const char *help;
	const struct opt_kind *kind;
	size_t at;	   /* of the field in the record */
	const char *later; /* known, but refused unless it is the preset:
			      the feature that is not there yet; no field */
};

#define OPT_TABLES 5 /* most tables of one command, one of them the help row */

struct opt_given {
	const struct opt *opt;
	const char *typed; /* borrowed from argv: "--bind_port=1", "-p" */
};

struct opt_result {
	struct opt_given *given;
	size_t n, cap;
	char **words; /* borrowed from argv: what was no option */
	size_t nwords, wordcap;
	size_t before; /* so many of the words stood before "--" */
	bool help; /* the row named help has no field, it ends up here */
	struct buf refused; /* "--kcp_bind_port (KCP transport)", or empty */
};

enum opt_after { /* what follows an argument in argv */
	OPT_WORD,     /* the argument is no option */
	OPT_ALONE,    /* an option that is complete */
	OPT_TAKES,    /* an option whose value is the next argument */
	OPT_END,      /* "--" */
};

void opt_presets(const struct opt *const *tables, void *record);
/* Parses argv, which ends with NULL.  <0: why says what is wrong, without
 * "Error: ".  tables end with NULL. */
int opt_parse(const struct opt *const *tables, char *const *argv, void *record,
    struct opt_result *r, struct buf *why);
enum opt_after opt_after(const struct opt *const *tables, const char *arg);
bool opt_was_given(const struct opt_result *r, const char *name);
/* The option as typed, without its value. */
void opt_put_typed(struct buf *b, const struct opt_given *g);
void opt_result_release(struct opt_result *r);
void opt_release(const struct opt *const *tables, void *record);

/* The lines of help for these tables, sorted by name. */
void opt_help(struct buf *b, const struct opt *const *tables);
void opt_quote(struct buf *b, const char *s); /* as Go's %q */

#endif
