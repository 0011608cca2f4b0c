// SPDX-License-Identifier: MIT
/* Descriptors of each kind, joined to a stream whose other end is a socket of
 * the test. */
#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"
#include "test/net/net.h"

#define MANY (3 * 1024 * 1024)

struct seen {
	int over;
	char why[100];
};

struct world {
	struct loop *l;
	struct stdio *x;
	struct seen seen;
	int far;	/* the other end of the stream */
	int near, back; /* what the holder of the descriptors has: to write
			   into in, and to read from out */
	int in, out;	/* still open only where the test keeps them */
};

static void
on_done(void *arg, const char *why)
{
	struct seen *s = arg;

	s->over++;
	snprintf(s->why, sizeof(s->why), "%s", why ? why : "");
}

static void
set_flags(int fd, int flags)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | flags);
}

static void
start(struct world *w)
{
	int fd[2] = { -1, -1 };

	*w = (struct world){ .l = loop_new(&net_log) };
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, fd) == 0);
	w->far = fd[1];
	w->x = stdio_new(w->l, conn_new(w->l, fd[0]), on_done, &w->seen);
}

/* A pipe each way; copies stay with the test, to see their flags. */
static void
with_pipes(struct world *w)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };

	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	w->near = in[1];
	w->back = out[0];
	set_flags(w->near, O_NONBLOCK);
	set_flags(w->back, O_NONBLOCK);
	stdio_use(w->x, in[0], out[1]);
	w->in = in[0];
	w->out = out[1];
}

static void
finish(struct world *w)
{
	if (!w->seen.over)
		stdio_free(w->x);
	net_turn(w->l);
	close(w->far);
	if (w->near)
		close(w->near);
	if (w->back && w->back != w->near)
		close(w->back);
	conn_end_all(w->l);
	loop_free(w->l);
}

/* What can be read there before the loop has turned often. */
static size_t
read_some(struct world *w, int fd, char *to, size_t n)
{
	size_t got = 0;
	ssize_t r = -1;
	int i;

	for (i = 0; i < 20 && got < n; i++) {
		net_turn(w->l);
		r = read(fd, to + got, n - got);
		if (r == 0)
			break;
		if (r > 0)
			got += (size_t)r;
	}
	return got;
}

static bool
at_end(struct world *w, int fd)
{
	char c;
	int i;

	for (i = 0; i < 20; i++) {
		net_turn(w->l);
		if (read(fd, &c, 1) == 0)
			return true;
	}
	return false;
}

TEST(stdio_passes_bytes_and_each_end_alone)
{
	struct world w;
	char got[16];

	start(&w);
	with_pipes(&w);
	CHECK(write(w.near, "ask", 3) == 3);
	CHECK(read_some(&w, w.far, got, 3) == 3 && !memcmp(got, "ask", 3));
	close(w.near);
	w.near = 0;
	CHECK(at_end(&w, w.far));
	/* the answer comes late, and whole */
	CHECK(write(w.far, "answer", 6) == 6);
	CHECK(read_some(&w, w.back, got, 6) == 6 && !memcmp(got, "answer", 6));
	CHECK(!w.seen.over);
	shutdown(w.far, SHUT_WR);
	CHECK(at_end(&w, w.back));
	CHECK(w.seen.over == 1);
	CHECK_STR(w.seen.why, "");
	finish(&w);
}

TEST(stdio_closes_out_while_in_goes_on)
{
	struct world w;
	char got[8];

	start(&w);
	with_pipes(&w);
	shutdown(w.far, SHUT_WR);
	CHECK(at_end(&w, w.back));
	CHECK(!w.seen.over);
	CHECK(write(w.near, "more", 4) == 4);
	CHECK(read_some(&w, w.far, got, 4) == 4);
	close(w.near);
	w.near = 0;
	CHECK(at_end(&w, w.far));
	CHECK(w.seen.over == 1 && !*w.seen.why);
	finish(&w);
}

TEST(stdio_leaves_the_flags_of_shared_descriptors_alone)
{
	struct world w;
	int in, out;
	char got[4];

	start(&w);
	with_pipes(&w);
	in = dup(w.in);
	out = dup(w.out);
	CHECK(write(w.near, "x", 1) == 1 && write(w.far, "y", 1) == 1);
	CHECK(read_some(&w, w.far, got, 1) == 1);
	CHECK(read_some(&w, w.back, got, 1) == 1);
	CHECK(!(fcntl(in, F_GETFL) & O_NONBLOCK));
	CHECK(!(fcntl(out, F_GETFL) & O_NONBLOCK));
	close(in);
	close(out);
	finish(&w);
}

/* A blocking descriptor that nobody reads from must not stop the loop; the
 * alarm would end the test. */
TEST(stdio_waits_for_a_slow_reader_without_blocking)
{
	static char block[65536];
	struct world w;
	size_t sent = 0, got = 0, n;
	ssize_t r;
	int i;

	start(&w);
	with_pipes(&w);
	alarm(20);
	for (i = 0; i < 200; i++) {
		r = write(w.far, block, sizeof(block));
		sent += r > 0 ? (size_t)r : 0;
		net_turn(w.l);
	}
	CHECK(sent > 65536 && sent < MANY); /* it is held back */
	while ((n = read_some(&w, w.back, block, sizeof(block))) > 0)
		got += n;
	alarm(0);
	CHECK(got == sent);
	finish(&w);
}

TEST(stdio_holds_back_a_writer_whose_bytes_are_not_taken)
{
	static char block[65536];
	struct world w;
	size_t sent = 0, got = 0, n;
	ssize_t r;
	int i;

	start(&w);
	with_pipes(&w);
	for (i = 0; i < 400; i++) {
		r = write(w.near, block, sizeof(block));
		sent += r > 0 ? (size_t)r : 0;
		net_turn(w.l);
	}
	CHECK(sent > 65536 && sent < MANY);
	while ((n = read_some(&w, w.far, block, sizeof(block))) > 0)
		got += n;
	CHECK(got == sent);
	finish(&w);
}

TEST(stdio_keeps_what_comes_before_there_is_an_out)
{
	struct world w;
	char got[8];

	start(&w);
	CHECK(write(w.far, "banner", 6) == 6);
	shutdown(w.far, SHUT_WR);
	net_turn(w.l);
	net_turn(w.l);
	with_pipes(&w);
	CHECK(read_some(&w, w.back, got, 6) == 6 && !memcmp(got, "banner", 6));
	CHECK(at_end(&w, w.back));
	finish(&w);
}

TEST(stdio_takes_one_socket_for_both_and_halves_it)
{
	struct world w;
	char got[8];
	int fd[2] = { -1, -1 };

	start(&w);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	w.near = w.back = fd[1];
	set_flags(fd[1], O_NONBLOCK);
	stdio_use(w.x, fd[0], fd[0]);
	CHECK(write(fd[1], "ask", 3) == 3);
	shutdown(fd[1], SHUT_WR);
	CHECK(read_some(&w, w.far, got, 3) == 3 && at_end(&w, w.far));
	CHECK(!w.seen.over); /* half of it still wants the answer */
	CHECK(write(w.far, "answer", 6) == 6);
	shutdown(w.far, SHUT_WR);
	CHECK(read_some(&w, fd[1], got, 6) == 6 && at_end(&w, fd[1]));
	CHECK(w.seen.over == 1 && !*w.seen.why);
	finish(&w);
}

TEST(stdio_is_over_when_its_socket_is_gone)
{
	struct world w;
	int fd[2] = { -1, -1 };

	start(&w);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	stdio_use(w.x, fd[0], fd[0]);
	close(fd[1]);
	CHECK(at_end(&w, w.far)); /* though the far end has not ended */
	CHECK(w.seen.over == 1 && !*w.seen.why);
	finish(&w);
}

TEST(stdio_reads_files_and_writes_them)
{
	static const char text[] = "what is in the file";
	struct world w;
	char got[64];
	FILE *in = tmpfile(), *out = tmpfile();

	start(&w);
	if (!CHECK(in && out))
		return;
	fputs("skipped", in);
	fputs(text, in);
	fflush(in);
	lseek(fileno(in), 7, SEEK_SET); /* its place is shared, too */
	stdio_use(w.x, dup(fileno(in)), dup(fileno(out)));
	CHECK(read_some(&w, w.far, got, sizeof(text) - 1) ==
	    sizeof(text) - 1);
	CHECK(memcmp(got, text, sizeof(text) - 1) == 0);
	CHECK(at_end(&w, w.far));
	CHECK(write(w.far, "kept", 4) == 4);
	shutdown(w.far, SHUT_WR);
	net_turn(w.l);
	net_turn(w.l);
	net_turn(w.l);
	CHECK(w.seen.over == 1 && !*w.seen.why);
	CHECK(pread(fileno(out), got, 5, 0) == 4 && !memcmp(got, "kept", 4));
	fclose(in);
	fclose(out);
	finish(&w);
}

TEST(stdio_tells_of_a_reader_that_went_away)
{
	struct world w;
	int i;

	start(&w);
	with_pipes(&w);
	close(w.back);
	w.back = 0;
	CHECK(write(w.far, "x", 1) == 1);
	for (i = 0; i < 20 && !w.seen.over; i++)
		net_turn(w.l);
	CHECK(w.seen.over == 1);
	CHECK_STR(w.seen.why, "write: Broken pipe");
	finish(&w);
}
