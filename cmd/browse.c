// SPDX-License-Identifier: MIT
#include "cmd/browse.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/start.h"
#include "core/mem.h"

#define WORDS 16

/* Apart from our terminal, whose Ctrl-C is not meant for it. */
static int
spawn(char *const *argv)
{
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	pid_t pid;
	int error;

	posix_spawn_file_actions_init(&act);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&act, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&act, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&act, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	error = posix_spawnp(&pid, argv[0], &act, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&act);
	return error;
}

/* "firefox -new-tab %s": words with blanks between, the first of several
 * between colons; no shell sees them. */
static int
spawn_browser(const char *browser, const char *url)
{
	char *line = mem_dupn(browser, strcspn(browser, ":"));
	char *argv[WORDS + 2] = { 0 }, *word, *rest = NULL;
	bool named = false;
	size_t n = 0;
	int error = ENOENT;

	for (word = strtok_r(line, " \t", &rest); word && n < WORDS;
	     word = strtok_r(NULL, " \t", &rest)) {
		named |= strcmp(word, "%s") == 0;
		argv[n++] = strcmp(word, "%s") ? word : (char *)(uintptr_t)url;
	}
	if (!named)
		argv[n++] = (char *)(uintptr_t)url;
	if (n > 1)
		error = spawn(argv);
	free(line);
	return error;
}

static bool
is_set(char *const *env, const char *name)
{
	const char *s = start_env(env, name);

	return s && *s;
}

int
browse(const char *url, char *const *env, struct buf *why)
{
	static const char *const openers[] = { "xdg-open", "sensible-browser",
		"x-www-browser", "gio open" };
	size_t i;
	int error;

	if (is_set(env, "BROWSER")) {
		error = spawn_browser(start_env(env, "BROWSER"), url);
		if (error == 0)
			return 0;
		buf_printf(why, "$BROWSER '%.200s' cannot be run: ",
		    start_env(env, "BROWSER"));
		load_put_errno(why, error);
		return -1;
	}
	if (!is_set(env, "DISPLAY") && !is_set(env, "WAYLAND_DISPLAY")) {
		buf_puts(why, "there is no display here, and no $BROWSER");
		return -1;
	}
	for (i = 0; i < sizeof(openers) / sizeof(*openers); i++)
		if (spawn_browser(openers[i], url) == 0)
			return 0;
	buf_puts(why, "there is no xdg-open in $PATH, and no $BROWSER");
	return -1;
}
