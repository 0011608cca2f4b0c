// SPDX-License-Identifier: MIT
/* The kernel's table of sockets has a number for each, the inode, and what
 * processes hold is a link of that number in their directories. */
#include "net/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/plain.h"

#define TCP_LISTENS 0x0a

/* The fields of a line of /proc/net/tcp, by their place in it. */
enum { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_INODE = 9 };

/* "0: 0100007F:1F40 00000000:0000 0A ... inode": if it is about that port; 0:
 * it is not. */
static unsigned long
inode_of(char *line, int port, unsigned long *state)
{
	unsigned long inode = 0, at = 0;
	char *word, *rest = NULL;
	int i;

	word = strtok_r(line, " \n", &rest);
	for (i = 0; word && i <= FIELD_INODE; i++) {
		if (i == FIELD_LOCAL && strrchr(word, ':'))
			at = strtoul(strrchr(word, ':') + 1, NULL, 16);
		else if (i == FIELD_STATE)
			*state = strtoul(word, NULL, 16);
		else if (i == FIELD_INODE)
			inode = strtoul(word, NULL, 10);
		word = strtok_r(NULL, " \n", &rest);
	}
	return at == (unsigned long)port ? inode : 0;
}

/* One that listens rather than one that only has the number. */
static unsigned long
look_in(const char *path, int port)
{
	FILE *f = fopen(path, "re");
	unsigned long inode, state = 0, found = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		inode = inode_of(line, port, &state);
		if (!inode)
			continue;
		found = inode;
		if (state == TCP_LISTENS)
			break;
	}
	if (f)
		fclose(f);
	return found;
}

static unsigned long
find_socket(const struct addr *at, bool udp)
{
	static const char *const tables[2][2] = {
		{ "/proc/net/tcp", "/proc/net/tcp6" },
		{ "/proc/net/udp", "/proc/net/udp6" },
	};
	int v6 = at->at.ss_family == AF_INET6, port = addr_port(at);
	unsigned long inode = look_in(tables[udp][v6], port);

	/* one of both families stands in the other table */
	return inode ? inode : look_in(tables[udp][!v6], port);
}

static bool
holds(int proc, const char *pid, const char *link)
{
	char dir[300], to[64];
	struct dirent *e;
	bool found = false;
	ssize_t n;
	DIR *d;
	int fd;

	snprintf(dir, sizeof(dir), "%.250s/fd", pid);
	fd = openat(proc, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (e = readdir(d)) != NULL) {
		n = readlinkat(fd, e->d_name, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = '\0';
		found = strcmp(to, link) == 0;
	}
	closedir(d);
	return found;
}

static void
put_process(struct buf *b, int proc, const char *pid)
{
	char path[300], name[64] = "";
	ssize_t n = 0, i;
	int fd;

	snprintf(path, sizeof(path), "%.250s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, name, sizeof(name) - 1);
		close(fd);
	}
	for (i = 0; i < n && name[i] != '\n'; i++)
		if (name[i] == '\'')
			name[i] = '?';
	name[i] = '\0';
	buf_puts(b, "'");
	plain_put(b, name);
	buf_printf(b, "' (pid %s)", pid);
}

bool
holder_put(struct buf *b, const struct addr *at, bool udp)
{
	unsigned long inode = find_socket(at, udp);
	struct dirent *e;
	bool found = false;
	char link[64];
	DIR *d;

	if (!inode)
		return false;
	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	d = opendir("/proc");
	while (d && !found && (e = readdir(d)) != NULL) {
		if (e->d_name[strspn(e->d_name, "0123456789")] != '\0' ||
		    !holds(dirfd(d), e->d_name, link))
			continue;
		put_process(b, dirfd(d), e->d_name);
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}
