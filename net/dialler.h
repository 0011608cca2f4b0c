/* Speaks SOCKS5 on a work stream and joins it with the target asked for. */
#ifndef NET_DIALLER_H
#define NET_DIALLER_H

#include "net/client_internal.h"

/* All is borrowed, and lives as long as the client. */
struct dialler_how {
	const char *user, *password; /* NULL: for everybody */
	/* Of an offer, else NULL: its name; then only what allow lists is
	 * reached (a text for allow_parse), UDP too, and a refusal is followed
	 * by a line of text. */
	const char *offer, *allow;
	const char *allow_remote; /* ports that its visitors may open */
};

void dialler_serve(struct client_job *j, const struct dialler_how *how);
void diallers_end(struct client *c);

#endif
