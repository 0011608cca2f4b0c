// SPDX-License-Identifier: MIT
#include "cmd/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/start.h"
#include "core/mem.h"

#define LOCK_TRIES 500 /* of 10 ms: others write a few bytes, to a slow disk */
#define NO_REPLACE 1   /* of renameat2 */

/* The path in base, or nothing: NULL. */
static char *
join(const char *base, size_t n, const char *rest)
{
	struct buf b = { 0 };
	char here[PATH_MAX], *path;

	if (!base || n == 0)
		return NULL;
	if (*base != '/') {
		if (!getcwd(here, sizeof(here)))
			return NULL;
		buf_printf(&b, "%s/", here);
	}
	buf_put(&b, base, n);
	buf_puts(&b, rest);
	path = mem_dup(buf_text(&b));
	buf_free(&b);
	for (n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	return path;
}

static char *
usual(char *const *env)
{
	const char *base = start_env(env, "XDG_STATE_HOME");
	const char *home = start_env(env, "HOME");

	if (base && *base == '/')
		return join(base, strlen(base), "/culvert");
	return home ? join(home, strlen(home), "/.local/state/culvert") : NULL;
}

char *
state_of_server(const char *given, char *const *env)
{
	const char *list = start_env(env, "STATE_DIRECTORY");

	if (given && *given)
		return join(given, strlen(given), "");
	if (list && strcspn(list, ":"))
		return join(list, strcspn(list, ":"), "");
	return geteuid() == 0 ? mem_dup("/var/lib/culvert") : usual(env);
}

char *
state_of_person(char *const *env)
{
	const char *given = start_env(env, "CULVERT_STATE_DIR");

	return given && *given ? join(given, strlen(given), "") : usual(env);
}

void
state_make_dirs(const char *path)
{
	char *p = mem_dup(path), *slash;

	for (slash = p + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(p, 0700);
		*slash = '/';
	}
	free(p);
}

static int
cannot(const char *what, const char *path, struct buf *why)
{
	buf_printf(why, "cannot %s '%s': %s", what, path, strerror(errno));
	return -1;
}

/* Root makes nothing below what is another user's, who could lead it
 * anywhere. */
static bool
is_astray(const char *path)
{
	char *p = mem_dup(path), *slash;
	bool is = false;
	struct stat st;

	for (slash = p + 1; !is && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		is = lstat(p, &st) == 0 && st.st_uid != 0;
		*slash = '/';
	}
	free(p);
	return is && geteuid() == 0;
}

/* Nobody else leads us anywhere. */
static bool
is_strange_link(const char *path, unsigned flags)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) &&
	    ((flags & STATE_STRICT) ||
		(st.st_uid != geteuid() && st.st_uid != 0));
}

static int
check(int dir, const char *path, unsigned flags, struct buf *why)
{
	mode_t closed = flags & STATE_STRICT ? 077 :
	    flags & STATE_SHARED	     ? 0 :
					       022;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return cannot("look at", path, why);
	if (st.st_uid != geteuid()) {
		buf_printf(why, "the directory '%s' belongs to another user",
		    path);
		return -1;
	}
	if (st.st_mode & closed) {
		buf_printf(why, "others may %s the directory '%s': chmod 700 "
		    "it", closed == 022 ? "write to" : "use", path);
		return -1;
	}
	return 0;
}

int
state_open(const char *path, unsigned flags, struct buf *why)
{
	int dir;

	if ((flags & STATE_MAKE) && access(path, F_OK) < 0) {
		if (is_astray(path)) {
			buf_printf(why, "the directory '%s' would be below "
			    "another user's", path);
			return -1;
		}
		state_make_dirs(path);
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return cannot("make the directory", path, why);
	}
	if (is_strange_link(path, flags)) {
		buf_printf(why, "the directory '%s' is a link", path);
		return -1;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    (flags & STATE_STRICT ? O_NOFOLLOW : 0));
	if (dir < 0 && !(flags & STATE_MAKE) &&
	    (errno == ENOENT || errno == ENOTDIR))
		return STATE_NONE;
	if (dir < 0)
		return cannot("open the directory", path, why);
	if (check(dir, path, flags, why) == 0)
		return dir;
	close(dir);
	return -1;
}

static const char *
aside_of(struct buf *to, const char *name)
{
	buf_printf(to, "%s.new", name);
	return buf_text(to);
}

/* Is it still the one of that name, and our own? */
static bool
is_current(int dir, const char *name, int fd)
{
	struct stat now, is;

	return fstat(fd, &is) == 0 && S_ISREG(is.st_mode) &&
	    is.st_uid == geteuid() &&
	    fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == is.st_ino && now.st_dev == is.st_dev;
}

int
state_begin(int dir, const char *path, const char *name, struct buf *why)
{
	static const struct timespec nap = { 0, 10000000 };
	struct buf aside = { 0 };
	const char *is = aside_of(&aside, name);
	int i, fd;

	for (i = 0; i < LOCK_TRIES; i++) {
		fd = openat(dir, is,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    is_current(dir, is, fd))
			goto out;
		close(fd);
		nanosleep(&nap, NULL);
		errno = EBUSY;
	}
	buf_printf(why, "cannot write '%s/%s': %s", path, name,
	    strerror(errno));
	fd = -1;
out:
	buf_free(&aside);
	return fd;
}

static int
not_ours(const char *path, const char *name, const char *what,
    struct buf *why)
{
	buf_printf(why, "'%s/%s' %s", path, name, what);
	return -1;
}

int
state_load(int dir, const char *path, const char *name, struct buf *to,
    bool *open_to_all, struct buf *why)
{
	struct buf full = { 0 };
	struct stat st;
	int r, fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return STATE_NONE;
	if (fd < 0 && errno == ELOOP)
		return not_ours(path, name, "is a link", why);
	buf_printf(&full, "%s/%s", path, name);
	if (fd < 0 || fstat(fd, &st) < 0)
		r = cannot("open", buf_text(&full), why);
	else if (!S_ISREG(st.st_mode))
		r = not_ours(path, name, "is no file", why);
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		r = not_ours(path, name, "belongs to another user", why);
	else
		r = load_fd(fd, buf_text(&full), to, why);
	if (fd >= 0)
		close(fd);
	if (r == 0 && open_to_all)
		*open_to_all = st.st_mode & 077;
	buf_free(&full);
	return r;
}

int
state_write(int fd, struct buf *b)
{
	ssize_t n;

	while (buf_len(b)) {
		n = write(fd, buf_peek(b), buf_len(b));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		buf_take(b, (size_t)n);
	}
	return fsync(fd);
}

/* Not every file system has both. */
static int
place_anew(int dir, const char *aside, const char *name)
{
	if (syscall(SYS_renameat2, dir, aside, dir, name, NO_REPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	return linkat(dir, aside, dir, name, 0);
}

int
state_put(int dir, const char *path, const char *name, int fd,
    struct buf *text, bool anew, struct buf *why)
{
	struct buf aside = { 0 };
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN); /* then it is an error */
	const char *is = aside_of(&aside, name);
	int r = ftruncate(fd, 0); /* of one that was killed */

	if (r == 0)
		r = state_write(fd, text);
	if (r == 0)
		r = anew ? place_anew(dir, is, name) :
			   renameat(dir, is, dir, name);
	if (r < 0 && anew && errno == EEXIST)
		r = STATE_THERE;
	else if (r < 0)
		buf_printf(why, "cannot write '%s/%s': %s", path, name,
		    strerror(errno));
	else
		(void)fsync(dir);
	buf_free(&aside);
	signal(SIGXFSZ, old);
	return r;
}

void
state_end(int dir, const char *name, int fd)
{
	struct buf aside = { 0 };
	const char *is = aside_of(&aside, name);

	if (is_current(dir, is, fd))
		unlinkat(dir, is, 0);
	close(fd);
	buf_free(&aside);
}
