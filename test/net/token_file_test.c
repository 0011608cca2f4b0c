// SPDX-License-Identifier: MIT
/* The file of the tokens, while it is changed in all ways. */
#include "net/token_file.h"

#include <stdlib.h>
#include <time.h>

#include "test/net/net.h"

struct world {
	char dir[40], path[64], other[64];
	struct token_file f;
	struct log log;
	char line[400]; /* the last */
	int lines;
	uint64_t now;
};

static void
to_world(void *arg, enum log_level level, const char *where, const char *text)
{
	struct world *w = arg;

	(void)level;
	(void)where;
	snprintf(w->line, sizeof(w->line), "%s", text);
	w->lines++;
}

/* In its place, as whoever writes it with care does. */
static void
put(struct world *w, const char *text, size_t n)
{
	int fd = open(w->other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
	CHECK(rename(w->other, w->path) == 0);
}

/* As it is: the same file, and the same size. */
static void
write_over(struct world *w, const char *text)
{
	int fd = open(w->path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

static void
open_world(struct world *w, const char *text)
{
	struct buf why = { 0 };

	*w = (struct world){ .now = 1000 };
	w->log = (struct log){ LOG_INFO, to_world, w, NULL };
	strcpy(w->dir, "/tmp/culvert-tokens-XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	snprintf(w->path, sizeof(w->path), "%s/token", w->dir);
	snprintf(w->other, sizeof(w->other), "%s/new", w->dir);
	put(w, text, strlen(text));
	CHECK(token_file_open(&w->f, w->path, true, &why) == 0);
	CHECK(buf_len(&why) == 0);
}

static void
close_world(struct world *w)
{
	token_file_release(&w->f);
	unlink(w->path);
	unlink(w->other);
	rmdir(w->path);
	CHECK(rmdir(w->dir) == 0);
}

/* After a look at the file its first one is this. */
#define HOLDS(w, n_, first)                                              \
	do {                                                             \
		token_file_refresh(&(w)->f, &(w)->log, (w)->now);        \
		CHECK((w)->f.tokens.n == (n_));                          \
		CHECK_STR(token_file_first(&(w)->f)->text, first);       \
	} while (0)

/* And so many lines were logged, the last of them with these words. */
#define SAID(w, n_, words)                                         \
	do {                                                       \
		CHECK((w)->lines == (n_));                         \
		CHECK(strstr((w)->line, words) != NULL);           \
	} while (0)

TEST(token_file_is_read_again_when_it_is_another)
{
	struct world w;

	open_world(&w, "old\n");
	HOLDS(&w, 1, "old");
	CHECK(w.lines == 0);
	put(&w, "new\nold\n", 8);
	HOLDS(&w, 2, "new");
	SAID(&w, 1, "/token] has 2 tokens now");
	put(&w, "new\n", 4);
	HOLDS(&w, 1, "new");
	SAID(&w, 2, "] has 1 token now");
	put(&w, "# the same\nnew\n", 15);
	HOLDS(&w, 1, "new");
	CHECK(w.lines == 2);
	close_world(&w);
}

TEST(token_file_shows_a_change_in_the_same_tick)
{
	struct world w;
	char text[16];
	int i;

	open_world(&w, "tok-00\n");
	for (i = 1; i < 60; i++) {
		snprintf(text, sizeof(text), "tok-%02d", i);
		write_over(&w, text);
		HOLDS(&w, 1, text);
	}
	close_world(&w);
}

TEST(token_file_that_is_old_is_only_looked_at)
{
	struct world w;
	struct stat st;
	int i;

	open_world(&w, "old\n");
	w.f.fresh = false; /* as after two seconds */
	/* what would be seen if it were read */
	tokens_release(&w.f.tokens);
	w.f.tokens.v[w.f.tokens.n++] = token_new("kept", 4);
	for (i = 0; i < 3; i++)
		HOLDS(&w, 1, "kept");
	/* the same size and time of writing: ctime shows it */
	CHECK(stat(w.path, &st) == 0);
	do {
		struct timespec as_was[2] = { st.st_mtim, st.st_mtim };

		write_over(&w, "new");
		CHECK(utimensat(AT_FDCWD, w.path, as_was, 0) == 0);
		CHECK(stat(w.path, &st) == 0);
	} while (st.st_ctim.tv_sec == w.f.seen.st_ctim.tv_sec &&
	    st.st_ctim.tv_nsec == w.f.seen.st_ctim.tv_nsec);
	HOLDS(&w, 1, "new");
	close_world(&w);
}

TEST(token_file_that_is_gone_or_wrong_leaves_what_was)
{
	static const struct {
		const char *text, *words;
		size_t n;
	} wrong[] = {
		{ "", "/token] is empty", 0 },
		{ "\n \n", "/token] is empty", 3 },
		{ "# a\n# b\n", "/token] is empty", 8 },
		{ "new\0old", "/token] has a NUL in it", 7 },
	};
	struct buf many = { 0 };
	struct world w;
	size_t i;

	open_world(&w, "old\n");
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		w.now += 60000;
		put(&w, wrong[i].text, wrong[i].n);
		HOLDS(&w, 1, "old");
		SAID(&w, (int)i + 1, wrong[i].words);
	}
	for (i = 0; i <= TOKENS_MAX; i++)
		buf_puts(&many, "x\n");
	put(&w, buf_text(&many), buf_len(&many));
	HOLDS(&w, 1, "old");
	SAID(&w, 5, "more than 64");
	while (buf_len(&many) <= TOKENS_FILE_MAX)
		buf_puts(&many, "#\n");
	put(&w, buf_text(&many), buf_len(&many));
	HOLDS(&w, 1, "old");
	SAID(&w, 6, "larger than 64 KiB");
	unlink(w.path);
	HOLDS(&w, 1, "old");
	SAID(&w, 7, "no such file");
	put(&w, "old\n", 4);
	HOLDS(&w, 1, "old");
	SAID(&w, 8, "is well again and has 1 token now");
	buf_free(&many);
	close_world(&w);
}

TEST(token_file_says_each_fault_once_in_a_minute)
{
	struct world w;

	open_world(&w, "old\n");
	unlink(w.path);
	HOLDS(&w, 1, "old");
	w.now += 59000;
	HOLDS(&w, 1, "old");
	SAID(&w, 1, "no such file");
	put(&w, "", 0);
	HOLDS(&w, 1, "old");
	SAID(&w, 2, "is empty");
	unlink(w.path);
	w.now += 1000;
	HOLDS(&w, 1, "old");
	HOLDS(&w, 1, "old");
	SAID(&w, 3, "no such file");
	close_world(&w);
}

TEST(token_file_waits_for_no_pipe)
{
	struct world w;

	open_world(&w, "old\n");
	unlink(w.path);
	CHECK(mkfifo(w.path, 0600) == 0);
	HOLDS(&w, 1, "old");
	SAID(&w, 1, "is not a regular file");
	unlink(w.path);
	CHECK(mkdir(w.path, 0700) == 0);
	HOLDS(&w, 1, "old");
	CHECK(w.lines == 1);
	rmdir(w.path);
	put(&w, "new", 3);
	HOLDS(&w, 1, "new");
	close_world(&w);
}

TEST(token_file_of_a_person_stays_closed)
{
	struct world w;

	open_world(&w, "old\n");
	w.f.closed = true;
	put(&w, "new\n", 4);
	CHECK(chmod(w.path, 0640) == 0);
	HOLDS(&w, 1, "old");
	SAID(&w, 1, "may be used by others: chmod 600");
	CHECK(chmod(w.path, 0600) == 0);
	HOLDS(&w, 1, "new");
	SAID(&w, 2, "is well again");
	close_world(&w);
}

TEST(token_file_of_a_descriptor_is_read_once)
{
	struct token_file f = { .path = NULL };
	char path[32];
	struct buf why = { 0 };
	struct world w;
	int fd[2];

	CHECK(pipe2(fd, O_CLOEXEC) == 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	CHECK(token_file_open(&f, path, false, &why) < 0);
	CHECK(strstr(buf_text(&why), "' is not a regular file") != NULL);
	buf_free(&why);
	CHECK(write(fd[1], "a\nb\n", 4) == 4);
	close(fd[1]);
	CHECK(token_file_open(&f, path, true, &why) == 0);
	close(fd[0]);
	CHECK(f.tokens.n == 2 && !f.path);
	open_world(&w, "old\n");
	token_file_swap(&w.f, &f);
	HOLDS(&w, 2, "a"); /* and no line, for nothing was looked for */
	CHECK(w.lines == 0);
	token_file_swap(&w.f, &f);
	HOLDS(&w, 1, "old");
	token_file_release(&f);
	close_world(&w);
}

TEST(token_file_may_be_none_at_all)
{
	struct token_file f = { .path = NULL };

	token_file_set(&f, NULL);
	CHECK(token_file_is_none(&f));
	token_file_set(&f, "x");
	CHECK(!token_file_is_none(&f));
	token_file_refresh(&f, &net_log, 0);
	CHECK_STR(token_file_first(&f)->text, "x");
	token_file_release(&f);
}
