// SPDX-License-Identifier: MIT
/* SIGHUP at a client.  Its token is read again before each login anyway, and
 * its settings at the start only. */
#include "cmd/frpc.h"
#include "cmd/start.h"
#include "net/client.h"

static bool
same_files(const struct client_files *a, const struct client_files *b)
{
	return start_same(a->cert, b->cert) && start_same(a->key, b->key) &&
	    start_same(a->ca, b->ca);
}

void
frpc_renew(void *arg, struct client *c)
{
	const struct frpc_renew *r = arg;
	const struct log *log = &r->start->log;
	struct client_files *used = r->files, other = *used;
	struct buf why = { 0 };
	bool news;

	if (start_files_of(r->names, true, &other.cert, &other.key, &other.ca,
		&why) == 0) {
		news = !same_files(used, &other);
		if (news && client_renew(c, &other, &why) == 0) {
			struct client_files was = *used;

			*used = other;
			other = was;
			log_info(log, "TLS files read anew, for connections "
			    "from now on");
		}
		start_files_free(&other.cert, &other.key, &other.ca);
	}
	if (buf_len(&why))
		log_error(log, "TLS files not read anew, all is as it was: %s",
		    buf_text(&why));
	buf_free(&why);
}
