// SPDX-License-Identifier: MIT
#include "cmd/tunnel_place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/start.h"
#include "cmd/state.h"
#include "core/mem.h"

static const char *const endings[] = { ".lock", ".sock", ".log", ".log.1",
	".ssh" };

static bool
is_dir_of_ours(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid();
}

/* A login through su or cron has the directory, but not its variable. */
static char *
path_of(char *const *env)
{
	const char *given = start_env(env, "CULVERT_STATE_DIR");
	const char *run = start_env(env, "XDG_RUNTIME_DIR");
	const char *home = start_env(env, "HOME");
	char usual[64];
	struct buf b = { 0 };
	char *path;

	snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned)geteuid());
	if (given && *given)
		buf_puts(&b, given);
	else if (run && *run == '/' && is_dir_of_ours(run))
		buf_printf(&b, "%s/culvert", run);
	else if (is_dir_of_ours(usual))
		buf_printf(&b, "%s/culvert", usual);
	else if (home && *home)
		buf_printf(&b, "%s/.local/state/culvert", home);
	path = buf_len(&b) ? mem_dup(buf_text(&b)) : NULL;
	buf_free(&b);
	return path;
}

int
place_open(struct place *p, char *const *env, bool make, struct buf *why)
{
	*p = (struct place){ .dir = -1, .path = path_of(env) };
	if (!p->path) {
		buf_puts(why, "no directory for what runs: set $HOME or "
		    "$CULVERT_STATE_DIR");
		return -1;
	}
	errno = 0;
	p->dir = state_open(p->path, STATE_STRICT | (make ? STATE_MAKE : 0),
	    why);
	if (p->dir == -1 && (errno == EROFS || errno == EACCES ||
	    errno == ENOTDIR || errno == ENOENT))
		buf_puts(why, "; name another directory of yours in "
		    "$CULVERT_STATE_DIR");
	return p->dir == -1 ? -1 : 0;
}

void
place_close(struct place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	free(p->path);
	*p = (struct place){ .dir = -1 };
}

bool
place_is_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > PLACE_NAME_MAX || *s == '.' || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct strings
place_names(const struct place *p)
{
	size_t n, end = strlen(endings[PLACE_LOCK]);
	int fd = p->dir < 0 ? -1 : openat(p->dir, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct strings s = { 0 };
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		n = strlen(e->d_name);
		if (n <= end || n > PLACE_NAME_MAX + end ||
		    strcmp(e->d_name + n - end, endings[PLACE_LOCK]) != 0)
			continue;
		s.v = mem_grow(s.v, (s.n + 1) * sizeof(*s.v));
		s.v[s.n] = mem_dupn(e->d_name, n - end);
		if (place_is_name(s.v[s.n]))
			s.n++;
		else
			free(s.v[s.n]);
	}
	if (d)
		closedir(d);
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_name);
	return s;
}

const char *
place_file(char to[static PLACE_NAME_MAX + 16], const char *name,
    enum place_kind kind)
{
	snprintf(to, PLACE_NAME_MAX + 16, "%s%s", name, endings[kind]);
	return to;
}

const char *
place_socket(char to[static PLACE_NAME_MAX + 64], const struct place *p,
    const char *name)
{
	char file[PLACE_NAME_MAX + 16];

	snprintf(to, PLACE_NAME_MAX + 64, "/proc/self/fd/%d/%.80s", p->dir,
	    place_file(file, name, PLACE_SOCKET));
	return to;
}

int
place_ssh_dir(char to[static PLACE_SSH_DIR], const struct place *p,
    const char *name, struct buf *why)
{
	char file[PLACE_NAME_MAX + 16];
	int fd = -1;

	place_file(file, name, PLACE_SSH);
	if (mkdirat(p->dir, file, 0700) == 0 || errno == EEXIST)
		fd = openat(p->dir, file,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		buf_printf(why, "cannot make the directory '%s/%s': %s",
		    p->path, file, strerror(errno));
		return -1;
	}
	/* a long way is made short: through us, for as long as we are there */
	if (snprintf(to, PLACE_SSH_DIR, "%s/%s", p->path, file) >=
	    PLACE_SSH_DIR || *p->path != '/')
		snprintf(to, PLACE_SSH_DIR, "/proc/%d/fd/%d", (int)getpid(),
		    fd);
	else
		close(fd);
	return 0;
}
