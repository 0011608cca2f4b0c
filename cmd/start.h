/* What frps and frpc do alike between reading settings and running. */
#ifndef CMD_START_H
#define CMD_START_H

#include "cmd/applet.h"
#include "cmd/logfile.h"
#include "core/config.h"
#include "net/token_file.h"

struct start {
	struct logfile *file;
	struct say say;
	struct log log;
	const char *notify; /* the service manager's socket, or NULL */
	const char *ready;  /* the line to log then, or NULL */
};

const char *start_env(char *const *env, const char *name); /* NULL: not set */
/* "host", "host:7000", "[fd00::1]:7000" or "fd00::1". */
int start_server(struct client_conf *c, const char *text, struct buf *why);
/* The file that an option names is ''. */
void start_no_file(struct buf *why, const char *option);
/* Options may name a token or a file of tokens, not both, and the name is that
 * of a file: an empty one is a variable that was not set. */
bool start_bad_token(const struct auth_conf *auth, struct buf *why);
/* An option names an empty pin, which would be none; NULL is no option. */
bool start_bad_pin(const char *pin, struct buf *why);
/* The tokens of auth->token_file, where there is one, else auth->token. */
int start_tokens(struct token_file *to, const struct auth_conf *auth,
    struct buf *why);
int start_tokens_of(struct token_file *to, const struct auth_conf *auth,
    bool any, struct buf *why); /* as token_file_open has it */
/* Reads the PEM files that are named; the texts are owned by the caller. */
int start_files(const struct tls_files *t, char **cert, char **key, char **ca,
    struct buf *why);
bool start_same(const char *a, const char *b); /* texts, or NULL */
/* again: as load_again has it. */
int start_files_of(const struct tls_files *t, bool again, char **cert,
    char **key, char **ca, struct buf *why);
void start_files_free(char **cert, char **key, char **ca);

void start_open(struct start *s, const struct log_conf *c, int console_fd,
    char *const *env);
/* why it ends, if there is a reason, goes where to leads, of s->say. */
void start_close(struct start *s, struct out *to, struct buf *why);
void start_ready(void *arg); /* a hook; arg is a struct start */
/* The exit status for a failure: its text goes to standard output. */
int start_failed(struct buf *why);
/* For the settings file: warns when others can read the token in it. */
void start_warn_open(const struct start *s, const char *path,
    const struct auth_conf *auth, bool open_to_all);
void start_notes(const struct start *s, const char *notes); /* or NULL */

#endif
