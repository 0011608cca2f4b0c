// SPDX-License-Identifier: MIT
#include "cmd/install.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/applet.h"
#include "cmd/say.h"

struct target {
	char self[PATH_MAX]; /* the binary, absolute */
	const char *to;	     /* what the links say */
	int dirlen;
	const char *dir;
};

/* A link is ours to replace when it leads to this binary, or to one of its
 * name that is gone or lies elsewhere. */
static bool
is_ours(const char *path, const struct target *t)
{
	const char *name, *self = strrchr(t->self, '/') + 1;
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n < 0)
		return false;
	to[n] = '\0';
	name = strrchr(to, '/');
	name = name ? name + 1 : to;
	return strcmp(name, self) == 0 || strcmp(name, "culvert") == 0;
}

static int
install_link(const struct target *t, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	bool old;

	if (snprintf(path, sizeof(path), "%s/%s", t->dir, name) >=
	    (int)sizeof(path)) {
		say_line(stderr, "culvert: name too long: '%s/%s'", t->dir,
		    name);
		return 1;
	}
	old = lstat(path, &st) == 0;
	if (old && !is_ours(path, t)) {
		say_line(stderr, "culvert: not replaced, as it is not a link "
		    "of ours: '%s'", path);
		return 1;
	}
	if ((old && unlink(path) < 0) || symlink(t->to, path) < 0) {
		say_line(stderr, "culvert: cannot link '%s': %s", path,
		    strerror(errno));
		return 1;
	}
	say_line(stdout, "%s -> %s%s", path, t->to, old ? " (replaced)" : "");
	return 0;
}

int
install_links(const char *dir)
{
	const struct applet *const *a;
	const char *const *alias;
	char real[PATH_MAX];
	struct target t;
	ssize_t n;
	int failed = 0;

	n = readlink("/proc/self/exe", t.self, sizeof(t.self) - 1);
	if (n < 0 || !realpath(dir, real)) {
		say_line(stderr, "culvert: cannot read '%s': %s",
		    n < 0 ? "/proc/self/exe" : dir, strerror(errno));
		return 1;
	}
	t.self[n] = '\0';
	t.dir = dir;
	t.dirlen = (int)strlen(real);
	t.to = t.self;
	if (strrchr(t.self, '/') == t.self + t.dirlen &&
	    strncmp(t.self, real, (size_t)t.dirlen) == 0)
		t.to = t.self + t.dirlen + 1;
	for (a = applets; *a; a++) {
		if ((*a)->unlinked)
			continue;
		failed |= install_link(&t, (*a)->root.name);
		for (alias = (*a)->aliases; *alias; alias++)
			failed |= install_link(&t, *alias);
	}
	return failed;
}
