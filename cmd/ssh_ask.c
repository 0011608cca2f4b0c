// SPDX-License-Identifier: MIT
/* 'ssh -G' prints the settings that count, and connects to nobody. */
#include "cmd/ssh_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "cmd/ssh_words.h"
#include "core/buf.h"

#define ASK_MS 10000 /* "Match exec" runs programs, too */

/* What it says until it ends, or for so long. */
static void
read_all(int fd, struct buf *to)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	ssize_t n = 1;

	while (n > 0 && buf_len(to) < 1 << 20 && poll(&in, 1, ASK_MS) == 1) {
		n = read(fd, buf_room(to, 4096), 4096);
		if (n > 0)
			buf_added(to, (size_t)n);
	}
}

int
ssh_ask(const char *host, char *const *words, size_t n, bool *asks)
{
	static const char *const ours[] = { "-G", NULL };
	const struct ssh_words w = { .ours = ours, .host = host };
	posix_spawn_file_actions_t act;
	char **argv = ssh_words_make(&w, words, n);
	struct buf said = { 0 };
	int fd[2], error = EMFILE, status;
	pid_t pid;

	*asks = false;
	if (pipe2(fd, O_CLOEXEC) < 0) {
		free(argv);
		return 0;
	}
	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_addopen(&act, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&act, fd[1], 1);
	posix_spawn_file_actions_addopen(&act, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(&pid, "ssh", &act, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&act);
	close(fd[1]);
	if (error == 0) {
		read_all(fd[0], &said);
		kill(pid, SIGTERM);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		*asks = strstr(buf_text(&said), "stricthostkeychecking ask");
	}
	close(fd[0]);
	buf_free(&said);
	free(argv);
	return error == ENOENT ? -1 : 0;
}
