// SPDX-License-Identifier: MIT
#include "cmd/say.h"

#include <fcntl.h>
#include <unistd.h>

#include "test/t.h"

TEST(say_makes_a_line_of_whatever_it_is_given)
{
	struct say say = SAY_START(true);
	struct log log = say_log(&say);
	char got[200];
	int fds[2];
	ssize_t n;

	if (!CHECK(pipe2(fds, O_CLOEXEC) == 0))
		return;
	say.out.fd = say.err.fd = fds[1];
	say_out(&say, "a\n%s", "b\x1b[2J");
	say_err(&say, "it is '%s'", "\xc2\x9b" "x\xe2\x80\xae");
	log_warn(&log, "%s", "from\nfar");
	log_info(&log, "no news");
	n = read(fds[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	CHECK_STR(got, "a\\x0ab\\x1b[2J\n"
	    "it is '\\xc2\\x9bx\\xe2\\x80\\xae'\n"
	    "culvert: from\\x0afar\n");
	say_close(&say);
	close(fds[0]);
	close(fds[1]);
}

TEST(say_tells_how_many_lines_found_no_room)
{
	struct say say = SAY_START(false);
	struct buf b = { 0 };
	int fds[2], i, lines = 0;
	ssize_t n;

	if (!CHECK(pipe2(fds, O_CLOEXEC) == 0))
		return;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	say.err.fd = fds[1];
	for (i = 0; i < 50000; i++)
		say_err(&say, "line %d", i);
	do {
		n = read(fds[0], buf_room(&b, 65536), 65536);
		buf_added(&b, n > 0 ? (size_t)n : 0);
	} while (say_flush(&say) || n > 0);
	for (i = 0; i < (int)buf_len(&b); i++)
		lines += buf_peek(&b)[i] == '\n';
	buf_take(&b, buf_len(&b));
	CHECK(lines < 50000 && say.err.lost == 50000u - (unsigned)lines);
	say_err(&say, "goes on");
	n = read(fds[0], buf_room(&b, 65536), 65536);
	buf_added(&b, n > 0 ? (size_t)n : 0);
	CHECK(strstr(buf_text(&b), " lines were lost\ngoes on\n"));
	CHECK(say.err.lost == 0);
	buf_free(&b);
	say_close(&say);
	close(fds[0]);
	close(fds[1]);
}
