// SPDX-License-Identifier: MIT
#include "cmd/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/say.h"
#include "cmd/start.h"
#include "core/mem.h"

static bool
is_set(const char *s)
{
	return s && *s;
}

/* Do the certificate, the key, the CA and the pin make sense together? */
static int
check_tls(const struct verify *v, const char *cert, const char *key,
    const char *ca, struct buf *why)
{
	struct tls_setup setup = { .cert = cert, .key = key, .ca = ca };
	static const uint8_t seed[32]; /* nothing is sealed with it */
	struct tls_conf *conf;
	char reason[200];

	if (v->side == TLS_CLIENT && is_set(v->tls->pin))
		setup.pin = v->tls->pin;
	if (!cert && !key && !ca && !setup.pin)
		return 0;
	conf = tls_conf_new(v->side, &setup, time(NULL), seed, reason,
	    sizeof(reason));
	if (!conf) {
		buf_printf(why, "cannot set up TLS: %s", reason);
		return -1;
	}
	tls_conf_free(conf);
	return 0;
}

/* The directories that miss are made at the start. */
static bool
may_make(const char *path)
{
	char *dir = mem_dup(path), *slash;
	bool may = false;

	while ((slash = strrchr(dir, '/')) != NULL) {
		slash[slash == dir] = '\0';
		if (access(dir, F_OK) == 0 || slash == dir)
			break;
	}
	may = access(slash ? dir : ".", W_OK | X_OK) == 0;
	free(dir);
	return may;
}

/* A log that cannot be written is no reason not to start. */
static void
check_log(const char *path, struct buf *notes)
{
	int number = 0, fd;

	if (!is_set(path) || strcmp(path, "console") == 0)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT || !may_make(path))
		number = errno;
	if (!number)
		return;
	buf_printf(notes, "%slog.to: cannot open log '%s': ",
	    buf_len(notes) ? "\n" : "", path);
	load_put_errno(notes, number);
}

int
verify_files(const struct verify *v, struct buf *notes, struct buf *why)
{
	char *cert = NULL, *key = NULL, *ca = NULL;
	struct token_file tokens = { 0 };
	int r = start_tokens(&tokens, v->auth, why);

	token_file_release(&tokens);
	if (r == 0)
		r = start_files(v->tls, &cert, &key, &ca, why);
	if (r == 0)
		r = check_tls(v, cert, key, ca, why);
	start_files_free(&cert, &key, &ca);
	if (r == 0)
		check_log(v->log->to, notes);
	return r;
}

void
verify_say_notes(struct buf *notes)
{
	char *line;

	for (line = strtok(buf_text(notes), "\n"); line;
	    line = strtok(NULL, "\n"))
		say_line(stdout, "WARNING: %s", line);
	buf_free(notes);
}
