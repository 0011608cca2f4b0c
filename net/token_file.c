// SPDX-License-Identifier: MIT
#include "net/token_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/plain.h"
#include "net/loop.h"

#define SAID_MS 60000

/* One reading. */
struct reading {
	const char *path;
	struct tokens tokens;
	struct stat st;
	bool any;    /* kind of file, which may be waited for */
	bool closed; /* to others it must be */
	struct buf why;
};

static enum tokens_fault
unread(struct reading *r, const char *did)
{
	const char *s = strerror(errno);

	buf_printf(&r->why, "%s ", did);
	plain_put(&r->why, r->path);
	buf_printf(&r->why, ": %c%s", tolower((unsigned char)*s), s + 1);
	return TOKENS_UNREAD;
}

static enum tokens_fault
take_in(struct reading *r, int fd)
{
	enum tokens_fault fault = TOKENS_FINE;
	struct buf text = { 0 };
	size_t left;
	ssize_t n;

	do {
		/* all of it at once: what grows leaves copies behind */
		left = TOKENS_FILE_MAX + 1 - buf_len(&text);
		n = read(fd, buf_room(&text, left), left);
		if (n > 0)
			buf_added(&text, (size_t)n);
		if (n < 0 && errno != EINTR)
			fault = unread(r, "read");
		else if (buf_len(&text) > TOKENS_FILE_MAX)
			fault = TOKENS_LARGE;
	} while (n != 0 && fault == TOKENS_FINE);
	if (fault == TOKENS_FINE)
		fault = tokens_parse(&r->tokens, (const char *)buf_peek(&text),
		    buf_len(&text));
	buf_wipe(&text);
	return fault;
}

static enum tokens_fault
look(struct reading *r)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (r->any ? 0 : O_NONBLOCK);
	enum tokens_fault fault;
	int fd;

	/* to open one may mean something to others */
	if (!r->any && stat(r->path, &r->st) == 0 && !S_ISREG(r->st.st_mode))
		return TOKENS_IRREGULAR;
	fd = open(r->path, flags);
	if (fd < 0)
		return unread(r, "open");
	if (fstat(fd, &r->st) < 0)
		fault = unread(r, "stat");
	else if (!r->any && !S_ISREG(r->st.st_mode))
		fault = TOKENS_IRREGULAR;
	else if (r->closed && (r->st.st_mode & 077))
		fault = TOKENS_OPEN_TO_OTHERS;
	else
		fault = take_in(r, fd);
	close(fd);
	return fault;
}

/* now: of before the reading.  Times of files come in ticks, and on some disks
 * in whole seconds. */
static void
take(struct token_file *f, struct reading *r, int64_t now)
{
	tokens_release(&f->tokens);
	f->tokens = r->tokens;
	f->seen = r->st;
	f->fresh = now - r->st.st_ctim.tv_sec < 2;
	f->ill = false;
}

/* Names of descriptors, which the next moment may be something else. */
static bool
is_passing(const char *path)
{
	static const char *const of[] = { "/dev/fd/", "/dev/stdin",
		"/proc/self/" };
	size_t i;

	for (i = 0; i < sizeof(of) / sizeof(*of); i++)
		if (strncmp(path, of[i], strlen(of[i])) == 0)
			return true;
	return false;
}

int
token_file_open(struct token_file *f, const char *path, bool any,
    struct buf *why)
{
	struct reading r = { .path = path, .any = any };
	int64_t now = loop_date();
	enum tokens_fault fault = look(&r);

	if (fault == TOKENS_UNREAD) {
		buf_puts(why, buf_text(&r.why));
	} else if (fault != TOKENS_FINE) {
		buf_puts(why, "'");
		plain_put(why, path);
		buf_printf(why, "' %s", tokens_fault(fault));
	}
	buf_free(&r.why);
	if (fault != TOKENS_FINE)
		return -1;
	token_file_release(f);
	take(f, &r, now);
	if (S_ISREG(r.st.st_mode) && !is_passing(path))
		f->path = mem_dup(path);
	return 0;
}

void
token_file_set(struct token_file *f, const char *token)
{
	token_file_release(f);
	token = token ? token : "";
	f->tokens.v[f->tokens.n++] = token_new(token, strlen(token));
}

void
token_file_swap(struct token_file *a, struct token_file *b)
{
	struct token_file was = *a;

	*a = *b;
	*b = was;
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_as_seen(const struct token_file *f)
{
	const struct stat *was = &f->seen;
	struct stat st;

	return !f->ill && !f->fresh && stat(f->path, &st) == 0 &&
	    st.st_dev == was->st_dev && st.st_ino == was->st_ino &&
	    st.st_size == was->st_size &&
	    same_time(&st.st_mtim, &was->st_mtim) &&
	    same_time(&st.st_ctim, &was->st_ctim);
}

static void
tell_fault(struct token_file *f, struct reading *r, enum tokens_fault fault,
    const struct log *log, uint64_t now)
{
	f->ill = true;
	if (pace_count(&f->said[fault], now, SAID_MS) > 1)
		return;
	f->told = true;
	log_warn(log, "the token file [%s] %s%s; what was read from it before "
	    "stays valid", f->path, tokens_fault(fault), buf_text(&r->why));
}

void
token_file_refresh(struct token_file *f, const struct log *log, uint64_t now)
{
	struct reading r = { .path = f->path, .closed = f->closed };
	int64_t date = loop_date();
	enum tokens_fault fault;
	bool news;

	if (!f->path || is_as_seen(f))
		return;
	fault = look(&r);
	if (fault != TOKENS_FINE) {
		tell_fault(f, &r, fault, log, now);
		buf_free(&r.why);
		return;
	}
	news = f->told || !tokens_same(&f->tokens, &r.tokens);
	take(f, &r, date);
	if (news)
		log_info(log, "the token file [%s] %shas %zu token%s now",
		    f->path, f->told ? "is well again and " : "", f->tokens.n,
		    f->tokens.n == 1 ? "" : "s");
	f->told = false;
}

struct token *
token_file_first(const struct token_file *f)
{
	return f->tokens.v[0];
}

bool
token_file_is_none(const struct token_file *f)
{
	return !*f->tokens.v[0]->text;
}

void
token_file_release(struct token_file *f)
{
	tokens_release(&f->tokens);
	free(f->path);
	*f = (struct token_file){ .path = NULL };
}
