/* "[user@]host[:port]", as ssh is told where to go. */
#ifndef CORE_SSH_TARGET_H
#define CORE_SSH_TARGET_H

#include <stdbool.h>

struct ssh_target {
	char *user; /* NULL: none is named */
	char *host; /* without brackets */
	int port;   /* 0: none is named */
};

/* An address of IPv6 stands in brackets where a port follows.  Nothing in it
 * could be an option, or more than one word, to another program.  false: it is
 * no such thing, and t is empty. */
bool ssh_target_parse(struct ssh_target *t, const char *text);
void ssh_target_release(struct ssh_target *t);

#endif
