// SPDX-License-Identifier: MIT
#include "cmd/load.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/plain.h"

void
load_put_errno(struct buf *b, int number)
{
	const char *s = strerror(number);

	buf_printf(b, "%c%s", tolower((unsigned char)*s), s + 1);
}

static int
refuse(struct buf *why, const char *did, const char *path, int number)
{
	buf_printf(why, "%s ", did);
	plain_put(why, path);
	buf_puts(why, ": ");
	load_put_errno(why, number);
	return -1;
}

int
load_fd(int fd, const char *path, struct buf *to, struct buf *why)
{
	size_t had = buf_len(to);
	ssize_t n;

	for (;;) {
		n = read(fd, buf_room(to, 16384), 16384);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(why, "read", path, errno);
		if (n == 0)
			return 0;
		buf_added(to, (size_t)n);
		if (buf_len(to) - had > LOAD_MAX) {
			buf_printf(why, "read %s: larger than %u MiB", path,
			    LOAD_MAX >> 20);
			return -1;
		}
	}
}

/* again: only what nobody has to be waited for. */
static int
load(const char *path, bool again, struct buf *to, bool *open_to_all,
    struct buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    (again ? O_NONBLOCK : 0)), r = -1;
	struct stat st;
	bool regular;

	if (fd < 0)
		return refuse(why, "open", path, errno);
	regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (regular || !again)
		r = load_fd(fd, path, to, why);
	else
		buf_printf(why, "read %s: not a regular file, which cannot be "
		    "read again", path);
	if (open_to_all)
		*open_to_all = regular && (st.st_mode & S_IROTH);
	close(fd);
	return r;
}

int
load_file(const char *path, struct buf *to, bool *open_to_all, struct buf *why)
{
	return load(path, false, to, open_to_all, why);
}

/* Of what was read; NULL when there is a NUL in it. */
static char *
text_of(struct buf *b, const char *path, struct buf *why)
{
	if (!buf_len(b) || !memchr(buf_peek(b), '\0', buf_len(b)))
		return mem_dup(buf_text(b));
	buf_printf(why, "read %s: not a text file", path);
	return NULL;
}

char *
load_text(const char *path, struct buf *why)
{
	struct buf b = { 0 };
	char *text = NULL;

	if (load_file(path, &b, NULL, why) == 0)
		text = text_of(&b, path, why);
	buf_wipe(&b);
	return text;
}

char *
load_again(const char *path, struct buf *why)
{
	struct buf b = { 0 };
	char *text = NULL;

	if (load(path, true, &b, NULL, why) == 0)
		text = text_of(&b, path, why);
	if (text && !text[strspn(text, " \t\r\n")]) {
		buf_printf(why, "read %s: the file is empty", path);
		mem_free_secret(text);
		text = NULL;
	}
	buf_wipe(&b);
	return text;
}

char *
load_secret(const char *path, struct buf *why)
{
	char *text = load_text(path, why), *start, *secret;
	size_t n;

	if (!text)
		return NULL;
	for (start = text; isspace((unsigned char)*start); start++)
		continue;
	n = strlen(start);
	while (n && isspace((unsigned char)start[n - 1]))
		n--;
	secret = mem_dupn(start, n);
	mem_free_secret(text);
	return secret;
}

int
load_check_private(const char *path, const char *what, struct buf *why)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !(st.st_mode & 077))
		return 0;
	buf_printf(why, "%s '%s' holds a secret, and others may use it: "
	    "chmod 600 '%s'", what, path, path);
	return -1;
}
