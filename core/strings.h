/* Lists of texts and of name-value pairs, as settings and messages hold. */
#ifndef CORE_STRINGS_H
#define CORE_STRINGS_H

#include <stddef.h>

struct strings {
	char **v;
	size_t n;
};

struct pairs { /* name and value by turns */
	char **v;
	size_t n; /* pairs */
};

#endif
