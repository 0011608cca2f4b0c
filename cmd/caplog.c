// SPDX-License-Identifier: MIT
#include "cmd/caplog.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/logfile.h"
#include "core/mem.h"

struct caplog {
	int dir;
	struct out out;
	char *name, *old;
	size_t size;
	bool stdio;
};

static void
open_file(struct caplog *c)
{
	int fd = openat(c->dir, c->name, O_WRONLY | O_APPEND | O_CREAT |
	    O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600);

	c->out.fd = fd;
	if (fd < 0 || !c->stdio)
		return;
	dup2(fd, 1);
	dup2(fd, 2);
}

static void
close_file(struct caplog *c)
{
	out_close(&c->out);
	if (c->out.fd >= 0)
		close(c->out.fd);
	c->out.fd = -1;
}

static void
keep_small(struct caplog *c)
{
	struct stat st;

	if (c->out.fd < 0 || fstat(c->out.fd, &st) < 0 ||
	    !S_ISREG(st.st_mode) || (size_t)st.st_size < c->size)
		return;
	close_file(c);
	if (renameat(c->dir, c->name, c->dir, c->old) < 0)
		unlinkat(c->dir, c->name, 0);
}

static void
sink(void *arg, enum log_level level, const char *where, const char *text)
{
	struct caplog *c = arg;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	keep_small(c);
	if (c->out.fd < 0)
		open_file(c);
	if (c->out.fd < 0)
		c->out.lost++;
	else
		logfile_put(&c->out, level, where, text, &now, false);
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
	return (struct log){ level, sink, c, NULL };
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
