// SPDX-License-Identifier: MIT
/* A line is one write.  When it fails the line is lost, never the daemon:
 * standard error hears of it once, and the log of how many it was. */
#include "cmd/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/logold.h"
#include "core/mem.h"

#define RETRY_S 1 /* between tries to open the file */

struct logfile {
	char *path; /* NULL: console */
	int fd;
	bool color, failing, torn;
	int64_t max_days;
	int day; /* of the file: year, month and day as one number */
	time_t tried;
	unsigned long lost;
};

static int
day_of(time_t at)
{
	struct tm tm;

	localtime_r(&at, &tm);
	return (tm.tm_year * 100 + tm.tm_mon) * 100 + tm.tm_mday;
}

static const char *
short_where(const char *where)
{
	const char *p = where + strlen(where);
	int slashes = 0;

	for (; p > where; p--)
		if (p[-1] == '/' && ++slashes == 2)
			break;
	return p;
}

void
logfile_put_line(struct buf *b, enum log_level level, const char *where,
    const char *text, const struct timespec *now, bool color)
{
	static const char *const colors[] = { NULL, "36", "34", "33", "31" };
	const char *paint = color ? colors[level] : NULL;
	struct tm tm;

	localtime_r(&now->tv_sec, &tm);
	if (paint)
		buf_printf(b, "\033[1;%sm", paint);
	buf_printf(b, "%04d-%02d-%02d %02d:%02d:%02d.%03d [%c] [%s] ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)(now->tv_nsec / 1000000),
	    "TDIWE"[level], short_where(where));
	buf_puts(b, text);
	buf_puts(b, paint ? "\n\033[0m" : "\n");
}

static void
complain(struct logfile *f, const char *doing, int number)
{
	if (!f->failing)
		fprintf(stderr, "culvert: cannot %s log '%s': %s\n", doing,
		    f->path ? f->path : "console", strerror(number));
	f->failing = true;
}

static bool
open_file(struct logfile *f, time_t now)
{
	f->tried = now;
	logold_make_dirs(f->path);
	f->fd = open(f->path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (f->fd < 0)
		complain(f, "open", errno);
	return f->fd >= 0;
}

/* Devices and pipes have no yesterday, and their names are not ours. */
static void
put_aside(struct logfile *f, time_t now)
{
	struct buf name = { 0 };
	struct stat st;

	if (stat(f->path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	logfile_put_old_name(&name, f->path, now);
	if (rename(f->path, buf_text(&name)) == 0 && f->fd >= 0) {
		close(f->fd);
		f->fd = -1;
		f->tried = 0;
	}
	buf_free(&name);
	logold_sweep(f->path, f->max_days, now);
}

/* The file is at hand, and it is today's. */
static bool
ready(struct logfile *f, time_t now)
{
	int today;

	if (!f->path)
		return true;
	today = day_of(now);
	if (today > f->day) {
		f->day = today;
		put_aside(f, now);
	}
	if (f->fd >= 0)
		return true;
	if (now >= f->tried && now < f->tried + RETRY_S)
		return false;
	return open_file(f, now);
}

static bool
put(struct logfile *f, struct buf *b)
{
	ssize_t n;

	while (buf_len(b)) {
		n = write(f->fd, buf_peek(b), buf_len(b));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			complain(f, "write", n < 0 ? errno : EIO);
			return false;
		}
		buf_take(b, (size_t)n);
		f->torn = buf_len(b) > 0;
	}
	return true;
}

void
logfile_write(struct logfile *f, enum log_level level, const char *where,
    const char *text, const struct timespec *now)
{
	struct buf b = { 0 };
	char lost[64];

	if (!ready(f, now->tv_sec)) {
		f->lost++;
		return;
	}
	if (f->torn)
		buf_puts(&b, "\n");
	if (f->lost) {
		snprintf(lost, sizeof(lost), "%lu log lines were lost",
		    f->lost);
		logfile_put_line(&b, LOG_WARN, LOG_HERE, lost, now, f->color);
	}
	logfile_put_line(&b, level, where, text, now, f->color);
	if (put(f, &b)) {
		f->failing = false;
		f->lost = 0;
	} else {
		f->lost++;
	}
	buf_free(&b);
}

static void
sink(void *arg, enum log_level level, const char *where, const char *text)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	logfile_write(arg, level, where, text, &now);
}

struct log
logfile_log(struct logfile *f, enum log_level level)
{
	return (struct log){ level, sink, f };
}

struct logfile *
logfile_new(const struct log_conf *c, int console_fd)
{
	struct logfile *f = mem_new(struct logfile);
	time_t now = time(NULL);

	f->fd = console_fd;
	f->max_days = c->max_days;
	f->color = !c->no_color;
	if (c->to && *c->to && strcmp(c->to, "console") != 0) {
		f->path = mem_dup(c->to);
		f->color = false;
		f->day = day_of(now);
		open_file(f, now);
	}
	return f;
}

void
logfile_free(struct logfile *f)
{
	if (!f)
		return;
	if (f->path && f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}
