// SPDX-License-Identifier: MIT
#include "cmd/caplog.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "test/t.h"

struct world {
	char path[64];
	int dir;
};

static void
begin(struct world *w)
{
	strcpy(w->path, "/tmp/culvert-caplog.XXXXXX");
	CHECK(mkdtemp(w->path) != NULL);
	w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(w->dir >= 0);
}

static void
end(struct world *w)
{
	unlinkat(w->dir, "log", 0);
	unlinkat(w->dir, "log.1", 0);
	close(w->dir);
	CHECK(rmdir(w->path) == 0);
}

static off_t
size_of(const struct world *w, const char *name)
{
	struct stat st;

	return fstatat(w->dir, name, &st, 0) == 0 ? st.st_size : -1;
}

static bool
has(const struct world *w, const char *name, const char *part)
{
	struct buf b = { 0 };
	int fd = openat(w->dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf_room(&b, 65536), 65536);
	bool found;

	buf_added(&b, n < 0 ? 0 : (size_t)n);
	found = strstr(buf_text(&b), part) != NULL;
	buf_free(&b);
	if (fd >= 0)
		close(fd);
	return found;
}

TEST(caplog_puts_one_file_aside_and_no_more)
{
	struct world w;
	struct caplog *c;
	struct log log;
	int i;

	begin(&w);
	c = caplog_new(w.dir, "log", "log.1", 1000, false);
	log = caplog_log(c, LOG_INFO);
	for (i = 0; i < 200; i++)
		log_info(&log, "line %d of many", i);
	log_debug(&log, "which is not wanted");
	caplog_free(c);
	CHECK(size_of(&w, "log") < 1200 && size_of(&w, "log.1") < 1200);
	CHECK(has(&w, "log", "line 199 of many"));
	CHECK(!has(&w, "log", "not wanted"));
	CHECK(!has(&w, "log.1", "line 0 of many"));
	end(&w);
}

TEST(caplog_tells_how_many_lines_were_lost)
{
	struct rlimit full = { 150, 0 }, was;
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
	struct world w;
	struct caplog *c;
	struct log log;
	int i;

	begin(&w);
	c = caplog_new(w.dir, "log", "log.1", 100000, false);
	log = caplog_log(c, LOG_INFO);
	getrlimit(RLIMIT_FSIZE, &was);
	full.rlim_max = was.rlim_max;
	CHECK(setrlimit(RLIMIT_FSIZE, &full) == 0);
	for (i = 0; i < 10; i++)
		log_info(&log, "line %d of many", i);
	CHECK(size_of(&w, "log") == 150);
	CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
	log_info(&log, "there is room again");
	CHECK(has(&w, "log", " log lines were lost\n"));
	CHECK(has(&w, "log", "there is room again\n"));
	caplog_free(c);
	end(&w);
	signal(SIGXFSZ, old);
}

TEST(caplog_writes_nowhere_when_it_must)
{
	struct caplog *c = caplog_new(-1, "log", "log.1", 1000, false);
	struct log log = caplog_log(c, LOG_INFO);

	log_info(&log, "into the void");
	caplog_free(c);
}
