/* What must hold of a table as a whole, and lookups; core/people.c's rows
 * have seen to the types. */
#ifndef CORE_PEOPLE_CHECK_H
#define CORE_PEOPLE_CHECK_H

#include "core/people.h"

typedef const char *people_check(const void *item); /* NULL: it is well */
people_check people_check_bastion, people_check_worker, people_check_tunnel;

#endif
