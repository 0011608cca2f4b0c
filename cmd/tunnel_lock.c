// SPDX-License-Identifier: MIT
/* The lock is what says that a tunnel lives.  The number in its file is for
 * people, and for signals only once it is known to be the holder's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/tunnel_place.h"

#define LOCK_TRIES 50 /* of 10 ms: somebody only looks whether it is held */

static bool
read_text(int dir, const char *path, char *to, size_t n)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got = fd < 0 ? -1 : read(fd, to, n - 1);

	to[got < 0 ? 0 : got] = '\0';
	if (fd >= 0)
		close(fd);
	return got >= 0;
}

/* When the process began, in the kernel's ticks; 0: there is none. */
static unsigned long long
started(int pid)
{
	unsigned long long at = 0;
	char path[64], text[2048], *p;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	/* the name in brackets may hold anything */
	if (!read_text(AT_FDCWD, path, text, sizeof(text)) ||
	    !(p = strrchr(text, ')')) || p[1] == '\0' || p[2] == 'Z')
		return 0;
	for (i = 2; p && i < 22; i++)
		p = strchr(p + 1, ' ');
	if (p)
		at = strtoull(p, NULL, 10);
	return at;
}

static void
read_owner(int dir, const char *file, struct place_owner *o)
{
	char text[64], *end;
	long long pid;

	*o = (struct place_owner){ 0 };
	if (!read_text(dir, file, text, sizeof(text)))
		return;
	pid = strtoll(text, &end, 10);
	if (pid <= 1 || pid > INT_MAX || *end != ' ')
		return;
	o->pid = (int)pid;
	o->started = strtoull(end, NULL, 10);
}

enum place_state
place_look(const struct place *p, const char *name, struct place_owner *o)
{
	char file[PLACE_NAME_MAX + 16];
	bool held;
	int fd;

	*o = (struct place_owner){ 0 };
	if (p->dir < 0)
		return PLACE_FREE;
	place_file(file, name, PLACE_LOCK);
	fd = openat(p->dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return PLACE_FREE;
	held = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	read_owner(p->dir, file, o);
	return held ? PLACE_LIVES : PLACE_DEAD;
}

bool
place_is_owner(const struct place *p, const char *name,
    const struct place_owner *o)
{
	char file[PLACE_NAME_MAX + 16], path[64];
	struct stat lock, st;
	bool found = false;
	struct dirent *e;
	DIR *d;

	if (o->pid <= 1 || started(o->pid) != o->started ||
	    fstatat(p->dir, place_file(file, name, PLACE_LOCK), &lock,
		AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd", o->pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d)) != NULL)
		found = fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
		    st.st_ino == lock.st_ino && st.st_dev == lock.st_dev;
	if (d)
		closedir(d);
	return found;
}

/* Whether the file that was locked is still the one of that name. */
static bool
is_current(const struct place *p, const char *file, int fd)
{
	struct stat now, ours;

	return fstat(fd, &ours) == 0 &&
	    fstatat(p->dir, file, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == ours.st_ino && now.st_dev == ours.st_dev;
}

/* PLACE_HELD: try again, unless its owner is there. */
static int
try_lock(const struct place *p, const char *file, struct buf *why)
{
	int fd = openat(p->dir, file,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		buf_printf(why, "cannot open '%s/%s': %s", p->path, file,
		    strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_current(p, file, fd))
		return fd;
	close(fd);
	return PLACE_HELD;
}

int
place_lock(const struct place *p, const char *name, struct place_owner *dead,
    struct buf *why)
{
	static const struct timespec nap = { 0, 10000000 };
	char file[PLACE_NAME_MAX + 16];
	struct place_owner o;
	int i, fd = PLACE_HELD;

	*dead = (struct place_owner){ 0 };
	place_file(file, name, PLACE_LOCK);
	for (i = 0; i < LOCK_TRIES && fd == PLACE_HELD; i++) {
		fd = try_lock(p, file, why);
		if (fd != PLACE_HELD)
			break;
		read_owner(p->dir, file, &o);
		if (place_is_owner(p, name, &o))
			break;
		nanosleep(&nap, NULL);
	}
	if (fd >= 0)
		read_owner(p->dir, file, dead);
	return fd;
}

void
place_sign(int lock)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%d %llu\n", (int)getpid(),
	    started(getpid()));

	/* on a full disk it stays unsigned: then only the socket tells */
	if (ftruncate(lock, 0) == 0)
		(void)!pwrite(lock, text, (size_t)n, 0);
}

void
place_clear(const struct place *p, const char *name)
{
	char file[PLACE_NAME_MAX + 16];
	char ssh[PLACE_NAME_MAX + 32];

	/* of one that was killed; else it is empty */
	snprintf(ssh, sizeof(ssh), "%s/ctl", place_file(file, name,
	    PLACE_SSH));
	unlinkat(p->dir, ssh, 0);
	unlinkat(p->dir, file, AT_REMOVEDIR);
	unlinkat(p->dir, place_file(file, name, PLACE_SOCKET), 0);
	unlinkat(p->dir, place_file(file, name, PLACE_LOCK), 0);
}
