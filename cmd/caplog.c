// SPDX-License-Identifier: MIT
#include "cmd/caplog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/logfile.h"
#include "core/mem.h"

struct caplog {
	int dir, fd;
	char *name, *old;
	size_t size;
	bool stdio, torn;
	unsigned long lost;
};

static void
open_file(struct caplog *c)
{
	c->fd = openat(c->dir, c->name, O_WRONLY | O_APPEND | O_CREAT |
	    O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (c->fd < 0 || !c->stdio)
		return;
	dup2(c->fd, 1);
	dup2(c->fd, 2);
}

static void
close_file(struct caplog *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void
keep_small(struct caplog *c)
{
	struct stat st;

	if (c->fd < 0 || fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size < c->size)
		return;
	close_file(c);
	if (renameat(c->dir, c->name, c->dir, c->old) < 0)
		unlinkat(c->dir, c->name, 0);
}

static bool
put(struct caplog *c, struct buf *b)
{
	ssize_t n;

	while (buf_len(b)) {
		n = write(c->fd, buf_peek(b), buf_len(b));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_take(b, (size_t)n);
		c->torn = buf_len(b) > 0;
	}
	return true;
}

static void
sink(void *arg, enum log_level level, const char *where, const char *text)
{
	struct caplog *c = arg;
	struct buf b = { 0 };
	struct timespec now;
	char lost[64];

	clock_gettime(CLOCK_REALTIME, &now);
	keep_small(c);
	if (c->fd < 0)
		open_file(c);
	if (c->torn)
		buf_puts(&b, "\n");
	if (c->lost) {
		snprintf(lost, sizeof(lost), "%lu log lines were lost",
		    c->lost);
		logfile_put_line(&b, LOG_WARN, LOG_HERE, lost, &now, false);
	}
	logfile_put_line(&b, level, where, text, &now, false);
	if (c->fd >= 0 && put(c, &b))
		c->lost = 0;
	else
		c->lost++;
	buf_free(&b);
}

struct caplog *
caplog_new(int dir, const char *name, const char *old, size_t size,
    bool stdio)
{
	struct caplog *c = mem_new(struct caplog);

	c->dir = dir;
	c->name = mem_dup(name);
	c->old = mem_dup(old);
	c->size = size;
	c->stdio = stdio;
	open_file(c);
	return c;
}

struct log
caplog_log(struct caplog *c, enum log_level level)
{
	return (struct log){ level, sink, c };
}

void
caplog_free(struct caplog *c)
{
	if (!c)
		return;
	close_file(c);
	free(c->name);
	free(c->old);
	free(c);
}
