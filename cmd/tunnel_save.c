// SPDX-License-Identifier: MIT
/* tunnel start --save: the settings file, written aside and renamed, so that
 * it is the old one or the new one and never half of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/state.h"
#include "cmd/tunnel.h"
#include "core/mem.h"

static int
failed(const char *what, const char *path, struct buf *why)
{
	buf_printf(why, "--save: cannot %s '%s': %s", what, path,
	    strerror(errno));
	return -1;
}

static int
replace(const char *path, struct buf *text, struct buf *why)
{
	struct buf aside = { 0 };
	int fd, r = 0;
	char *name;

	buf_printf(&aside, "%s.XXXXXX", path);
	name = buf_text(&aside);
	fd = mkostemp(name, O_CLOEXEC); /* which makes it 0600 */
	if (fd < 0) {
		r = failed("write beside", path, why);
	} else if (state_write(fd, text) < 0) {
		r = failed("write", name, why);
		unlink(name);
	} else if (rename(name, path) < 0) {
		r = failed("replace", path, why);
		unlink(name);
	}
	if (fd >= 0)
		close(fd);
	buf_free(&aside);
	return r;
}

static void
fill(struct people_tunnel *t, const struct tunnel_plan *p,
    const struct tunnel_opts *o, const struct people_tunnel *old)
{
	bool same = old && !o->to && !o->ssh;

	*t = (struct people_tunnel){ .name = (char *)(uintptr_t)p->name };
	t->to = same ? old->to : o->to;
	t->ssh = same ? old->ssh : o->ssh;
	if (t->ssh) {
		t->key = p->key;
		t->jump = p->jump;
	}
	t->local = old && !o->local.n ? old->local : o->local;
	t->dynamic = old && !o->dynamic.n ? old->dynamic : o->dynamic;
	t->remote = old && !o->remote.n ? old->remote : o->remote;
	t->auto_port = p->auto_port;
}

int
tunnel_save(const struct tunnel_plan *p, const struct tunnel_opts *o,
    struct buf *why)
{
	const char *path = p->person.path;
	struct buf text = { 0 }, fresh = { 0 };
	struct people_tunnel t;
	char *real = NULL;
	int r = 0;

	if (!path) {
		buf_puts(why, "--save: there is no settings file without "
		    "$HOME; name one by --config");
		return -1;
	}
	fill(&t, p, o, people_tunnel(&p->person.settings, p->name));
	if (access(path, F_OK) == 0)
		r = load_file(path, &text, NULL, why);
	else
		state_make_dirs(path);
	if (r == 0 && people_save_tunnel(&fresh,
	    text.data ? (const char *)buf_peek(&text) : "", buf_len(&text),
	    &t) < 0) {
		buf_printf(why, "--save: '%s' has [tunnels.%s] in a form that "
		    "is only changed by hand", path, p->name);
		r = -1;
	}
	if (r == 0) {
		real = realpath(path, NULL); /* behind a link */
		r = replace(real ? real : path, &fresh, why);
	}
	free(real);
	buf_wipe(&text);
	buf_wipe(&fresh);
	return r;
}
