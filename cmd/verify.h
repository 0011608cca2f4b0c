/* What verify looks at beyond the words of the settings: the files that they
 * name are opened and read as at the start.  Nothing is made. */
#ifndef CMD_VERIFY_H
#define CMD_VERIFY_H

#include "core/config.h"
#include "crypto/tls.h"

struct verify {
	enum tls_side side;
	const struct auth_conf *auth;
	const struct tls_files *tls;
	const struct log_conf *log;
};

/* 0, or <0 and the reason; warnings, a line each, are added to notes. */
int verify_files(const struct verify *v, struct buf *notes, struct buf *why);
/* To standard output, as frp writes them; notes is freed. */
void verify_say_notes(struct buf *notes);

#endif
