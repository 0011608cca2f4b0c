// SPDX-License-Identifier: MIT
/* What ssh's own settings need to know, so that ssh, scp, rsync, git and
 * editors find the workers under names that end in ".worker". */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/connect.h"

/* A word for the shell that runs it, by way of ssh, which expands '%'. */
static void
put_word(struct buf *b, const char *s)
{
	buf_puts(b, "'");
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(b, "'\\''");
		else if (*s == '%')
			buf_puts(b, "%%");
		else
			buf_put(b, s, 1);
	}
	buf_puts(b, "'");
}

/* A value of a line of its own, which ssh reads itself. */
static void
put_value(struct buf *b, const char *key, const char *s)
{
	if (!s)
		return;
	buf_printf(b, strpbrk(s, " \t") ? "\t%s \"%s\"\n" : "\t%s %s\n", key,
	    s);
}

static void
put_worker(struct buf *b, const struct people_worker *w)
{
	buf_printf(b, "Host %s.worker\n", w->name);
	put_value(b, "HostKeyAlias", w->name);
	put_value(b, "User", w->ssh_user);
	put_value(b, "IdentityFile", w->ssh_key);
	if (w->ssh_port)
		buf_printf(b, "\tPort %d\n", (int)w->ssh_port);
	buf_puts(b, "\n");
}

static bool
has_line_end(const char *s)
{
	return s[strcspn(s, "\r\n")] != '\0';
}

/* As we were called, so that it is the same bastion. */
static bool
put_options(struct buf *b, const struct connect_opts *o)
{
	const struct opt *row;

	for (row = people_opts; row->name; row++) {
		const char *s;

		if (row->kind != &opt_str)
			continue;
		s = *(char *const *)(const void *)((const char *)&o->people +
		    row->at);
		if (!s)
			continue;
		if (has_line_end(s))
			return false;
		buf_printf(b, " --%s ", row->name);
		put_word(b, s);
	}
	return true;
}

int
connect_print(const struct person *p, const struct connect_opts *o)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct buf b = { 0 };
	size_t i;
	bool fits;

	if (n < 0)
		return connect_failed("/proc/self/exe cannot be read");
	self[n] = '\0';
	buf_puts(&b, "# for ~/.ssh/config: ssh WORKER.worker\n");
	for (i = 0; i < p->settings.nworkers; i++)
		put_worker(&b, &p->settings.workers[i]);
	buf_puts(&b, "Host *.worker\n\tProxyCommand ");
	put_word(&b, self);
	buf_puts(&b, " connect --stdio");
	fits = put_options(&b, o) && !has_line_end(self);
	buf_puts(&b, " %h %p\n\tStrictHostKeyChecking accept-new\n");
	if (fits)
		fputs(buf_text(&b), stdout);
	buf_free(&b);
	return fits ? 0 : connect_failed("what has a line end in it cannot be "
	    "written there");
}
