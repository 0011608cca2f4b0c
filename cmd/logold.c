// SPDX-License-Identifier: MIT
/* frps.log of a past day is frps.YYYYMMDD-HHMMSS.log; the time in the name,
 * local, is what counts for its age. */
#include "cmd/logold.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/logfile.h"
#include "core/mem.h"

#define STAMP_LEN 15

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t
stem_len(const char *base)
{
	const char *dot = strrchr(base, '.');

	return dot ? (size_t)(dot - base) : strlen(base);
}

void
logfile_put_old_name(struct buf *b, const char *path, time_t now)
{
	const char *base = base_of(path);
	size_t stem = (size_t)(base - path) + stem_len(base);
	char stamp[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), ".%Y%m%d-%H%M%S", &tm);
	buf_put(b, path, stem);
	buf_puts(b, stamp);
	buf_puts(b, path + stem);
}

static int
number(const char *p, size_t n)
{
	int value = 0;

	while (n--)
		value = value * 10 + (*p++ - '0');
	return value;
}

time_t
logfile_old_time(const char *path, const char *name)
{
	const char *base = base_of(path), *stamp;
	size_t stem = stem_len(base), i;
	struct tm tm = { .tm_isdst = -1 };

	if (strlen(name) != strlen(base) + 1 + STAMP_LEN ||
	    memcmp(name, base, stem) != 0 || name[stem] != '.' ||
	    strcmp(name + stem + 1 + STAMP_LEN, base + stem) != 0)
		return -1;
	stamp = name + stem + 1;
	for (i = 0; i < STAMP_LEN; i++)
		if (i == 8 ? stamp[i] != '-' :
			     !isdigit((unsigned char)stamp[i]))
			return -1;
	tm.tm_year = number(stamp, 4) - 1900;
	tm.tm_mon = number(stamp + 4, 2) - 1;
	tm.tm_mday = number(stamp + 6, 2);
	tm.tm_hour = number(stamp + 9, 2);
	tm.tm_min = number(stamp + 11, 2);
	tm.tm_sec = number(stamp + 13, 2);
	return mktime(&tm);
}

void
logold_sweep(const char *path, int64_t days, time_t now)
{
	size_t dirlen = (size_t)(base_of(path) - path);
	char *dir = dirlen ? mem_dupn(path, dirlen) : mem_dup("./");
	struct dirent *e;
	DIR *d = days < 0 ? NULL : opendir(dir);
	time_t at;

	while (d && (e = readdir(d))) {
		at = logfile_old_time(path, e->d_name);
		/* Divided first, as any number of days may be set. */
		if (at >= 0 && (now - at) / 86400 >= days &&
		    now - at > days * 86400)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	free(dir);
}

void
logold_make_dirs(const char *path)
{
	char *copy = mem_dup(path), *p;

	for (p = copy + 1; *copy && (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(copy, 0755);
		*p = '/';
	}
	free(copy);
}
