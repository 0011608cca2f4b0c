// SPDX-License-Identifier: MIT
#include "cmd/start.h"

#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/notify.h"
#include "cmd/number.h"
#include "core/mem.h"

const char *
start_env(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

int
start_server(struct client_conf *c, const char *text, struct buf *why)
{
	if (number_host_port(text, &c->server_addr, &c->server_port) == 0)
		return 0;
	buf_puts(why, NUMBER_HOST_PORT);
	return -1;
}

void
start_no_file(struct buf *why, const char *option)
{
	buf_printf(why, "%s is '': name a file, or leave the option out (is a "
	    "variable not set?)", option);
}

bool
start_bad_token(const struct auth_conf *auth, struct buf *why)
{
	if (auth->token_file && !*auth->token_file)
		start_no_file(why, "--token-file");
	else if (auth->token && *auth->token && auth->token_file)
		buf_puts(why, "cannot specify both --token and --token-file");
	else
		return false;
	return true;
}

bool
start_bad_pin(const char *pin, struct buf *why)
{
	if (!pin || *pin)
		return false;
	buf_puts(why, "the pin is '': give sha256:HASH, or leave the option "
	    "out (is a variable not set?)");
	return true;
}

int
start_tokens(struct token_file *to, const struct auth_conf *auth,
    struct buf *why)
{
	return start_tokens_of(to, auth, true, why);
}

int
start_tokens_of(struct token_file *to, const struct auth_conf *auth, bool any,
    struct buf *why)
{
	struct buf reason = { 0 };
	int r;

	if (!auth->token_file) {
		token_file_set(to, auth->token);
		return 0;
	}
	r = token_file_open(to, auth->token_file, any, &reason);
	if (r < 0)
		buf_printf(why, "failed to resolve auth.tokenSource: failed to"
		    " read file %s: %s", auth->token_file, buf_text(&reason));
	buf_free(&reason);
	return r;
}

static int
read_file(const char *path, bool again, char **to, struct buf *why)
{
	*to = NULL;
	if (!path || !*path)
		return 0;
	*to = (again ? load_again : load_text)(path, why);
	return *to ? 0 : -1;
}

bool
start_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int
start_files(const struct tls_files *t, char **cert, char **key, char **ca,
    struct buf *why)
{
	return start_files_of(t, false, cert, key, ca, why);
}

int
start_files_of(const struct tls_files *t, bool again, char **cert, char **key,
    char **ca, struct buf *why)
{
	*key = *ca = NULL;
	if (read_file(t->cert, again, cert, why) == 0 &&
	    read_file(t->key, again, key, why) == 0 &&
	    read_file(t->ca, again, ca, why) == 0)
		return 0;
	start_files_free(cert, key, ca);
	return -1;
}

void
start_files_free(char **cert, char **key, char **ca)
{
	free(*cert);
	mem_free_secret(*key);
	free(*ca);
	*cert = *key = *ca = NULL;
}

void
start_open(struct start *s, const struct log_conf *c, int console_fd,
    char *const *env)
{
	int level = log_level_of(c->level ? c->level : "info");

	/* A reader of our output that goes away is no reason to die. */
	signal(SIGPIPE, SIG_IGN);
	s->say = (struct say)SAY_START(false);
	s->file = logfile_new(c, &s->say, console_fd);
	s->log = logfile_log(s->file,
	    level < 0 ? LOG_INFO : (enum log_level)level);
	s->notify = start_env(env, "NOTIFY_SOCKET");
}

void
start_close(struct start *s, struct out *to, struct buf *why)
{
	notify_send(s->notify, "STOPPING=1");
	if (buf_len(why))
		say_to(to, "%s", buf_text(why));
	say_last(&s->log, SAY_LAST_MS);
	logfile_free(s->file);
	say_close(&s->say);
}

static int
forget(struct dl_phdr_info *of, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, to;
	int i;

	(void)size;
	(void)arg;
	/* The first one holds these rows, and what relocates the program:
	 * reading on would bring it back. */
	for (i = of->dlpi_phnum - 1; i >= 0; i--) {
		const ElfW(Phdr) *h = &of->dlpi_phdr[i];

		if (h->p_type != PT_LOAD || (h->p_flags & PF_W))
			continue;
		from = (of->dlpi_addr + h->p_vaddr) / page * page;
		to = of->dlpi_addr + h->p_vaddr + h->p_memsz;
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 1; /* the first is the program */
}

/* Starting touches nearly all of the program once.  What it takes to run comes
 * back from the page cache when it is called. */
static void
forget_text(void)
{
	dl_iterate_phdr(forget, NULL);
}

void
start_ready(void *arg)
{
	struct start *s = arg;

	if (s->ready)
		log_info(&s->log, "%s", s->ready);
	notify_send(s->notify, "READY=1");
	forget_text();
}

int
start_failed(struct buf *why)
{
	say_lines(stdout, buf_text(why));
	buf_free(why);
	return 1;
}

void
start_warn_open(const struct start *s, const char *path,
    const struct auth_conf *auth, bool open_to_all)
{
	if (open_to_all && auth->token && *auth->token &&
	    !(auth->token_file && *auth->token_file))
		log_warn(&s->log, "the settings file [%s] holds a token and "
		    "every user may read it", path);
}

void
start_notes(const struct start *s, const char *notes)
{
	const char *end;

	for (; notes; notes = *end ? end + 1 : NULL) {
		end = notes + strcspn(notes, "\n");
		log_warn(&s->log, "%.*s", (int)(end - notes), notes);
	}
}
