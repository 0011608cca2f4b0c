// SPDX-License-Identifier: MIT
/* A line is one write, which never waits for a reader.  When it fails the line
 * is lost, never the daemon: standard error hears of it once, and the log of
 * how many it was. */
#include "cmd/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/logold.h"
#include "core/mem.h"

#define RETRY_S 1 /* between tries to open the file */

struct logfile {
	char *path; /* NULL: console */
	struct out file, *out; /* out: the console's, or file */
	struct say *say;
	bool color, failing;
	int64_t max_days;
	int day; /* of the file: year, month and day as one number */
	time_t tried;
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
		say_err(f->say, "culvert: cannot %s log '%s': %s", doing,
		    f->path ? f->path : "console", strerror(number));
	f->failing = true;
}

static void
close_file(struct logfile *f)
{
	out_close(&f->file);
	if (f->file.fd >= 0)
		close(f->file.fd);
	f->file.fd = -1;
}

static bool
open_file(struct logfile *f, time_t now)
{
	f->tried = now;
	logold_make_dirs(f->path);
	/* a pipe without a reader is no reason to wait, either */
	f->file.fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0600);
	if (f->file.fd < 0)
		complain(f, "open", errno);
	return f->file.fd >= 0;
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
	if (rename(f->path, buf_text(&name)) == 0 && f->file.fd >= 0) {
		close_file(f);
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
	if (f->file.fd >= 0)
		return true;
	if (now >= f->tried && now < f->tried + RETRY_S)
		return false;
	return open_file(f, now);
}

/* What was lost is told where it would have been. */
static void
put_lost(struct out *o, const struct timespec *now, bool color)
{
	unsigned long lost = o->lost;
	struct buf b = { 0 };
	char text[64];

	if (!lost || !out_has_room(o))
		return;
	snprintf(text, sizeof(text), "%lu log lines were lost", lost);
	logfile_put_line(&b, LOG_WARN, LOG_HERE, text, now, color);
	if (out_put(o, buf_peek(&b), buf_len(&b)))
		o->lost -= lost;
	buf_free(&b);
}

bool
logfile_put(struct out *o, enum log_level level, const char *where,
    const char *text, const struct timespec *now, bool color)
{
	struct buf b = { 0 };
	bool put;

	put_lost(o, now, color);
	logfile_put_line(&b, level, where, text, now, color);
	put = !o->lost && out_put(o, buf_peek(&b), buf_len(&b));
	o->lost += !put;
	buf_free(&b);
	return put;
}

void
logfile_write(struct logfile *f, enum log_level level, const char *where,
    const char *text, const struct timespec *now)
{
	if (!ready(f, now->tv_sec))
		f->out->lost++;
	else if (logfile_put(f->out, level, where, text, now, f->color))
		f->failing = false;
	else if (f->out->error)
		complain(f, "write", f->out->error);
}

static void
sink(void *arg, enum log_level level, const char *where, const char *text)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	logfile_write(arg, level, where, text, &now);
}

/* Those that were lost since the reader had stopped are told when he goes on,
 * if no other line comes; those that could not be written, with the next. */
static unsigned
flush(void *arg)
{
	struct logfile *f = arg;
	struct timespec now;
	unsigned ms = out_flush(f->out), said = say_flush(f->say);

	if (f->out->error && !f->failing)
		complain(f, "write", f->out->error);
	if (f->out->lost && !f->failing && f->out->open) {
		clock_gettime(CLOCK_REALTIME, &now);
		put_lost(f->out, &now, f->color);
		ms = ms ? ms : out_flush(f->out);
	}
	return ms ? ms : said;
}

struct log
logfile_log(struct logfile *f, enum log_level level)
{
	return (struct log){ level, sink, f, flush };
}

struct logfile *
logfile_new(const struct log_conf *c, struct say *say, int console_fd)
{
	struct logfile *f = mem_new(struct logfile);
	time_t now = time(NULL);

	f->say = say;
	f->out = console_fd == 1 ? &say->out : &say->err;
	f->file.fd = -1;
	f->max_days = c->max_days;
	f->color = !c->no_color;
	if (c->to && *c->to && strcmp(c->to, "console") != 0) {
		f->path = mem_dup(c->to);
		f->out = &f->file;
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
	close_file(f);
	free(f->path);
	free(f);
}
