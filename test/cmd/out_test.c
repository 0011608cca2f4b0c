// SPDX-License-Identifier: MIT
#include "cmd/out.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "test/t.h"

#define LINE "line %06d of those that are put one after the other\n"

struct world {
	struct out out;
	int ours;
	struct buf got;
};

static void
begin(struct world *w, int flags)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	*w = (struct world){ .ours = -1 };
	if (!CHECK(pipe2(fds, O_CLOEXEC | flags) == 0))
		return;
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	w->ours = fds[0];
	w->out.fd = fds[1];
}

static void
end(struct world *w)
{
	out_close(&w->out);
	close(w->out.fd);
	close(w->ours);
	buf_free(&w->got);
}

static bool
put(struct world *w, int i)
{
	char line[80];

	return out_put(&w->out, line, (size_t)snprintf(line, sizeof(line),
	    LINE, i));
}

/* All that comes while it is read and written in turn. */
static void
read_all(struct world *w)
{
	unsigned ms;
	ssize_t n;

	do {
		ms = out_flush(&w->out);
		n = read(w->ours, buf_room(&w->got, 4096), 4096);
		buf_added(&w->got, n > 0 ? (size_t)n : 0);
	} while (n > 0 || ms);
}

/* From 0 on, without a gap; how many there are. */
static int
lines_in(struct world *w)
{
	const char *p = buf_text(&w->got);
	char want[80];
	int i;

	for (i = 0; *p; i++, p += strlen(want)) {
		snprintf(want, sizeof(want), LINE, i);
		if (!CHECK(strncmp(p, want, strlen(want)) == 0))
			break;
	}
	return i;
}

static void
keeps(int flags)
{
	struct world w;
	int i, was;

	begin(&w, flags);
	was = fcntl(w.out.fd, F_GETFL);
	for (i = 0; i < 500; i++)
		CHECK(put(&w, i));
	CHECK(out_flush(&w.out) > 0);
	read_all(&w);
	CHECK(out_flush(&w.out) == 0);
	CHECK(lines_in(&w) == 500);
	CHECK(fcntl(w.out.fd, F_GETFL) == was);
	end(&w);
}

TEST(out_keeps_what_a_pipe_has_no_room_for)
{
	keeps(0);
}

TEST(out_looks_before_it_writes_where_it_has_no_description_of_its_own)
{
	keeps(O_NONBLOCK);
}

TEST(out_takes_whole_lines_or_none)
{
	struct world w;
	int i = 0;

	begin(&w, 0);
	while (put(&w, i))
		i++;
	CHECK(i > 4000 && i < 6000);
	CHECK(!w.out.error && !out_has_room(&w.out) && !put(&w, i));
	while (!out_has_room(&w.out)) {
		ssize_t n = read(w.ours, buf_room(&w.got, 4096), 4096);

		buf_added(&w.got, n > 0 ? (size_t)n : 0);
		out_flush(&w.out);
	}
	CHECK(put(&w, i++)); /* half of them have left, the others have not */
	CHECK(out_flush(&w.out) > 0);
	read_all(&w);
	CHECK(lines_in(&w) == i);
	end(&w);
}

TEST(out_counts_what_nobody_will_read)
{
	struct world w;
	int i;

	begin(&w, 0);
	for (i = 0; i < 200; i++)
		put(&w, i);
	close(w.ours);
	w.ours = -1;
	CHECK(out_flush(&w.out) == 0 && w.out.error == EPIPE);
	CHECK(w.out.lost > 50 && w.out.lost < 200);
	CHECK(!put(&w, i) && w.out.error == EPIPE);
	end(&w);
}

TEST(out_goes_on_in_the_middle_of_a_line_on_a_terminal)
{
	struct termios raw;
	struct world w;
	int i;

	begin(&w, 0);
	close(w.out.fd);
	close(w.ours);
	w.ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	CHECK(grantpt(w.ours) == 0 && unlockpt(w.ours) == 0);
	w.out.fd = open(ptsname(w.ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(tcgetattr(w.out.fd, &raw) == 0);
	cfmakeraw(&raw);
	tcsetattr(w.out.fd, TCSANOW, &raw);
	for (i = 0; i < 2000; i++)
		CHECK(put(&w, i));
	tcflow(w.out.fd, TCOOFF); /* Ctrl-S */
	for (; i < 4000; i++)
		CHECK(put(&w, i));
	tcflow(w.out.fd, TCOON);
	read_all(&w);
	CHECK(lines_in(&w) == 4000);
	CHECK(!(fcntl(w.out.fd, F_GETFL) & O_NONBLOCK));
	end(&w);
}

TEST(out_sends_to_a_socket_what_it_takes)
{
	struct world w;
	int fds[2], i;

	begin(&w, 0);
	close(w.out.fd);
	close(w.ours);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	w.ours = fds[0];
	w.out.fd = fds[1];
	for (i = 0; i < 4000; i++)
		CHECK(put(&w, i));
	read_all(&w);
	CHECK(lines_in(&w) == 4000);
	CHECK(!(fcntl(w.out.fd, F_GETFL) & O_NONBLOCK));
	end(&w);
}
