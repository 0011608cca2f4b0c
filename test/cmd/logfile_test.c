// SPDX-License-Identifier: MIT
#include "cmd/logfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/logold.h"
#include "test/t.h"

static time_t
local(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
		.tm_mday = day, .tm_hour = hour, .tm_min = minute,
		.tm_sec = second, .tm_isdst = -1 };

	return mktime(&tm);
}

static char *
temp_dir(char *to)
{
	strcpy(to, "/tmp/culvert-log-XXXXXX");
	return mkdtemp(to);
}

TEST(logfile_lines_look_as_frps_do)
{
	struct timespec now = { local(2026, 11, 21, 7, 33, 49), 151999999 };
	struct buf b = { 0 };

	logfile_put_line(&b, LOG_INFO, "client/service.go:287", "hello %d",
	    &now, false);
	CHECK_STR(buf_text(&b), "2026-11-21 07:33:49.151 [I] "
	    "[client/service.go:287] hello %d\n");
	buf_free(&b);
	logfile_put_line(&b, LOG_ERROR, "/a/b/net/x.c:1", "e", &now, true);
	CHECK_STR(buf_text(&b), "\033[1;31m2026-11-21 07:33:49.151 [E] "
	    "[net/x.c:1] e\n\033[0m");
	buf_free(&b);
	logfile_put_line(&b, LOG_TRACE, "x.c:1", "t", &now, true);
	CHECK_STR(buf_text(&b), "2026-11-21 07:33:49.151 [T] [x.c:1] t\n");
	buf_free(&b);
}

TEST(logfile_names_old_files_and_knows_them_again)
{
	time_t at = local(2026, 3, 4, 5, 6, 7);
	struct buf b = { 0 };

	logfile_put_old_name(&b, "/var/log.d/frps.log", at);
	CHECK_STR(buf_text(&b), "/var/log.d/frps.20260304-050607.log");
	buf_free(&b);
	logfile_put_old_name(&b, "/var/log.d/frps", at);
	CHECK_STR(buf_text(&b), "/var/log.d/frps.20260304-050607");
	buf_free(&b);
	CHECK(logfile_old_time("/x/frps.log", "frps.20260304-050607.log") ==
	    at);
	CHECK(logfile_old_time("frps", "frps.20260304-050607") == at);
	CHECK(logfile_old_time("frps.log", "frps.log") == -1);
	CHECK(logfile_old_time("frps.log", "frps.20260304-05060x.log") == -1);
	CHECK(logfile_old_time("frps.log", "frps.20260304x050607.log") == -1);
	CHECK(logfile_old_time("frps.log", "frpc.20260304-050607.log") == -1);
	CHECK(logfile_old_time("frps.log", "frps.20260304-050607.txt") == -1);
	CHECK(logfile_old_time("frps.log", "") == -1);
}

TEST(logfile_begins_anew_at_midnight_and_deletes_what_is_too_old)
{
	char dir[64], path[96], old[32], kept[128], gone[128];
	struct log_conf c = { .to = path, .max_days = 3 };
	struct timespec now;
	struct say say = SAY_START(false);
	struct logfile *f;
	struct stat st;
	struct tm tm;

	if (!CHECK(temp_dir(dir)))
		return;
	snprintf(path, sizeof(path), "%s/a/b/frps.log", dir);
	f = logfile_new(&c, &say, 1);
	now.tv_nsec = 0;
	now.tv_sec = time(NULL);
	logfile_write(f, LOG_INFO, "x.c:1", "one", &now);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	localtime_r(&now.tv_sec, &tm);
	now.tv_sec = local(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday + 1, 0,
	    0, 1);
	localtime_r(&now.tv_sec, &tm);
	strftime(old, sizeof(old), "%Y%m%d-000001", &tm);
	snprintf(kept, sizeof(kept), "%s/a/b/frps.%s.log", dir, old);
	snprintf(gone, sizeof(gone), "%s/a/b/frps.20200101-000000.log", dir);
	fclose(fopen(gone, "w"));
	logfile_write(f, LOG_INFO, "x.c:1", "two", &now);
	logfile_write(f, LOG_INFO, "x.c:1", "three", &now);
	CHECK(access(gone, F_OK) < 0 && access(kept, F_OK) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(st.st_size == 40 + 42); /* "two", "three" */
	logfile_free(f);
	unlink(kept);
	unlink(path);
	snprintf(path, sizeof(path), "%s/a/b", dir);
	rmdir(path);
	path[strlen(path) - 2] = '\0';
	rmdir(path);
	CHECK(rmdir(dir) == 0);
}

TEST(logfile_keeps_all_when_days_are_negative)
{
	char dir[64], path[96], old[128];

	if (!CHECK(temp_dir(dir)))
		return;
	snprintf(path, sizeof(path), "%s/f.log", dir);
	snprintf(old, sizeof(old), "%s/f.20200101-000000.log", dir);
	fclose(fopen(old, "w"));
	logold_sweep(path, -1, time(NULL));
	CHECK(access(old, F_OK) == 0);
	logold_sweep(path, INT64_MAX, time(NULL));
	CHECK(access(old, F_OK) == 0);
	logold_sweep(path, 3, time(NULL));
	CHECK(access(old, F_OK) < 0);
	CHECK(rmdir(dir) == 0);
}

/* Standard error goes to a file for as long as the log cannot be opened. */
TEST(logfile_counts_what_it_lost_and_says_so_when_it_works_again)
{
	char dir[64], path[96], block[96], told[96];
	struct timespec now = { time(NULL) + 1, 0 };
	struct log_conf c = { .to = path, .max_days = 3 };
	struct buf b = { 0 }, why = { 0 };
	struct say say = SAY_START(false);
	struct logfile *f;
	int err;

	if (!CHECK(temp_dir(dir)))
		return;
	snprintf(block, sizeof(block), "%s/d", dir);
	snprintf(path, sizeof(path), "%s/d/f.log", dir);
	snprintf(told, sizeof(told), "%s/err", dir);
	fclose(fopen(block, "w")); /* where a directory should be */
	fflush(stderr);
	err = dup(2);
	if (!CHECK(freopen(told, "w", stderr)))
		return;
	f = logfile_new(&c, &say, 1);
	for (int i = 0; i < 3; i++, now.tv_sec++)
		logfile_write(f, LOG_INFO, "x.c:1", "lost", &now);
	fflush(stderr);
	dup2(err, 2);
	close(err);
	unlink(block);
	logfile_write(f, LOG_INFO, "x.c:1", "there", &now);
	logfile_write(f, LOG_INFO, "x.c:1", "again", &now);
	logfile_free(f);
	CHECK(load_file(told, &b, NULL, &why) == 0);
	CHECK(strchr(buf_text(&b), '\n') == strrchr(buf_text(&b), '\n'));
	CHECK(strstr(buf_text(&b), "cannot open log '"));
	buf_free(&b);
	CHECK(load_file(path, &b, NULL, &why) == 0);
	CHECK(strstr(buf_text(&b), "] 3 log lines were lost\n"));
	CHECK(strstr(buf_text(&b), "] there\n"));
	CHECK(strstr(buf_text(&b), "] again\n"));
	buf_free(&b);
	buf_free(&why);
	unlink(told);
	unlink(path);
	rmdir(block);
	CHECK(rmdir(dir) == 0);
}

TEST(logfile_leaves_devices_where_they_are_and_outlives_a_full_disk)
{
	char dir[64], path[96];
	struct log_conf c = { .to = path, .max_days = 3 };
	struct timespec now = { time(NULL), 0 };
	struct say say = SAY_START(false);
	struct logfile *f;
	struct stat st;
	int err, quiet;

	if (!CHECK(temp_dir(dir)))
		return;
	snprintf(path, sizeof(path), "%s/full", dir);
	CHECK(symlink("/dev/full", path) == 0);
	fflush(stderr);
	err = dup(2);
	quiet = open("/dev/null", O_WRONLY);
	dup2(quiet, 2);
	f = logfile_new(&c, &say, 1);
	logfile_write(f, LOG_INFO, "x.c:1", "one", &now);
	now.tv_sec += 2 * 86400;
	logfile_write(f, LOG_INFO, "x.c:1", "two", &now);
	logfile_free(f);
	fflush(stderr);
	dup2(err, 2);
	close(err);
	close(quiet);
	CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
	unlink(path);
	CHECK(rmdir(dir) == 0);
}

/* All that can be read just now. */
static void
read_all(int fd, struct buf *to)
{
	ssize_t n;

	do {
		n = read(fd, buf_room(to, 65536), 65536);
		buf_added(to, n > 0 ? (size_t)n : 0);
	} while (n > 0);
}

static int
count(struct buf *b, const char *what)
{
	const char *p = buf_text(b);
	int n = 0;

	for (; (p = strstr(p, what)); p++)
		n++;
	return n;
}

TEST(logfile_waits_for_no_reader_and_tells_what_he_missed)
{
	struct log_conf c = { .no_color = true };
	struct say say = SAY_START(false);
	struct timespec now = { time(NULL), 0 };
	struct buf b = { 0 };
	struct logfile *f;
	struct log log;
	int fds[2], i, lost = 0;
	const char *told;

	if (!CHECK(pipe2(fds, O_CLOEXEC) == 0))
		return;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	say.out.fd = fds[1];
	f = logfile_new(&c, &say, 1);
	log = logfile_log(f, LOG_INFO);
	for (i = 0; i < 10000; i++)
		logfile_write(f, LOG_INFO, "x.c:1", "a line", &now);
	CHECK(!(fcntl(fds[1], F_GETFL) & O_NONBLOCK));
	CHECK(log.flush(log.arg) > 0);
	do
		read_all(fds[0], &b);
	while (log.flush(log.arg) > 0);
	read_all(fds[0], &b);
	/* at the end, as it was the last of them that were lost */
	told = strstr(buf_text(&b), " log lines were lost\n");
	if (CHECK(told)) {
		CHECK(told[strlen(" log lines were lost\n")] == '\0');
		while (told[-1] != ' ')
			told--;
		lost = atoi(told);
	}
	CHECK(lost > 0 && count(&b, "] a line\n") + lost == 10000);
	CHECK(count(&b, "\n") == count(&b, "] a line\n") + 1);
	buf_free(&b);
	logfile_write(f, LOG_INFO, "x.c:1", "goes on", &now);
	read_all(fds[0], &b);
	CHECK(count(&b, "\n") == 1 && count(&b, "] goes on\n") == 1);
	CHECK(log.flush(log.arg) == 0);
	buf_free(&b);
	logfile_free(f);
	say_close(&say);
	close(fds[0]);
	close(fds[1]);
}

TEST(logfile_takes_a_fifo_that_nobody_reads_yet)
{
	char dir[64], path[96];
	struct log_conf c = { .to = path, .max_days = 3 };
	struct timespec now = { time(NULL) + 1, 0 };
	struct say say = SAY_START(false);
	struct buf b = { 0 };
	struct logfile *f;
	int fd, quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (!CHECK(temp_dir(dir)))
		return;
	snprintf(path, sizeof(path), "%s/fifo", dir);
	CHECK(mkfifo(path, 0600) == 0);
	say.err.fd = quiet;
	f = logfile_new(&c, &say, 1);
	logfile_write(f, LOG_INFO, "x.c:1", "lost", &now);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	now.tv_sec += 2;
	logfile_write(f, LOG_INFO, "x.c:1", "there", &now);
	read_all(fd, &b);
	CHECK(strstr(buf_text(&b), "] 1 log lines were lost\n"));
	CHECK(strstr(buf_text(&b), "] there\n"));
	buf_free(&b);
	logfile_free(f);
	say_close(&say);
	close(fd);
	close(quiet);
	unlink(path);
	CHECK(rmdir(dir) == 0);
}
