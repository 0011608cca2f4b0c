// SPDX-License-Identifier: MIT
#include "cmd/remember.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/state.h"
#include "core/known.h"
#include "core/mem.h"

#define FILE_NAME "servers"

static void
put_place(struct remember *r, struct known *k)
{
	struct buf *to = &r->known.place;

	buf_take(to, buf_len(to));
	buf_printf(to, "line%s %s of '%s/" FILE_NAME "'", k->n > 1 ? "s" : "",
	    buf_text(&k->lines), r->path);
}

/* What the file says of this server.  STATE_NONE: there is no file. */
static int
read_known(struct remember *r, int dir, struct buf *text, struct known *k,
    struct buf *why)
{
	int err = state_load(dir, r->path, FILE_NAME, text, NULL, why);

	*k = (struct known){ 0 };
	if (err < 0)
		return err;
	known_find(k, buf_text(text), buf_len(text), buf_text(&r->name));
	if (k->n == 0 && k->bad) {
		buf_printf(why, "'%s/" FILE_NAME "', line %zu: it is not "
		    "HOST:PORT and a pin, so whether bastion '%s' is the same "
		    "as before cannot be told: mend or remove that line",
		    r->path, k->bad, buf_text(&r->as));
		return -1;
	}
	return 0;
}

static bool
unsure(struct remember *r, const char *why, struct buf *note)
{
	buf_printf(note, "Warning: bastion '%s' is not verified: its key "
	    "cannot be remembered: %s", buf_text(&r->as), why);
	return true;
}

/* Whoever was quicker has written the same, or is not to be believed. */
static bool
compare(struct remember *r, struct known *k, const char *pin,
    struct buf *note)
{
	if (strstr(buf_text(&k->pins), pin))
		return true;
	buf_printf(note, "bastion '%s' has another key than one that was "
	    "remembered just now: its pin is %s, that of %s is %s",
	    buf_text(&r->as), pin, buf_text(&r->known.place),
	    buf_text(&k->pins));
	return false;
}

/* The pin behind what the file has now. */
static void
add_known(struct remember *r, int dir, int fd, struct buf *text,
    const char *pin, struct buf *note)
{
	struct buf copy = { 0 }, why = { 0 };
	struct known k;

	known_add(text, buf_text(&r->name), pin);
	buf_put(&copy, buf_peek(text), buf_len(text));
	if (state_put(dir, r->path, FILE_NAME, fd, &copy, false, &why) < 0) {
		unsure(r, buf_text(&why), note);
	} else {
		known_find(&k, buf_text(text), buf_len(text),
		    buf_text(&r->name));
		put_place(r, &k);
		buf_printf(note, "The key of bastion '%s' is remembered: %s, "
		    "%s", buf_text(&r->as), pin, buf_text(&r->known.place));
		known_release(&k);
	}
	buf_free(&copy);
	buf_free(&why);
}

static bool
write_known(struct remember *r, int dir, const char *pin, struct buf *note)
{
	struct buf text = { 0 }, why = { 0 };
	struct known k = { 0 };
	bool good = true;
	int fd = state_begin(dir, r->path, FILE_NAME, &why);
	int err = fd < 0 ? -1 : read_known(r, dir, &text, &k, &why);

	if (err == -1) {
		unsure(r, buf_text(&why), note);
	} else if (k.n) {
		put_place(r, &k);
		good = compare(r, &k, pin, note);
	} else {
		add_known(r, dir, fd, &text, pin, note);
	}
	if (fd >= 0)
		state_end(dir, FILE_NAME, fd);
	known_release(&k);
	buf_free(&text);
	buf_free(&why);
	return good;
}

static bool
on_met(void *arg, const char *pin, struct buf *note)
{
	struct remember *r = arg;
	struct buf why = { 0 };
	bool good = true;
	int dir;

	if (r->plain && !r->quiet)
		buf_printf(note, "Warning: the connection to bastion '%s' is "
		    "not encrypted, and it is not verified: 'tls' is false",
		    buf_text(&r->as));
	if (r->plain || r->kept)
		return true;
	if (!pin)
		return unsure(r, "it has shown none", note);
	if (!buf_len(&r->name))
		return unsure(r, "its name cannot stand in a file", note);
	if (!r->path)
		return unsure(r, "there is no place for it: set $HOME or "
		    "$CULVERT_STATE_DIR", note);
	dir = state_open(r->path, STATE_MAKE, &why);
	if (dir < 0) {
		unsure(r, buf_text(&why), note);
	} else {
		good = write_known(r, dir, pin, note);
		close(dir);
	}
	buf_free(&why);
	return good;
}

/* <0: there is a file, and it cannot be relied on.  A directory that is not to
 * be used is told after the login. */
static int
look(struct remember *r, struct client_conf *c, struct buf *why)
{
	struct buf text = { 0 }, unsaid = { 0 };
	struct known k = { 0 };
	int dir = state_open(r->path, 0, &unsaid), err = 0;

	if (dir >= 0) {
		err = read_known(r, dir, &text, &k, why);
		close(dir);
	}
	if (k.n) {
		r->kept = true;
		put_place(r, &k);
		c->tls.pin = mem_dup(buf_text(&k.pins));
	}
	known_release(&k);
	buf_free(&text);
	buf_free(&unsaid);
	return err == -1 ? -1 : 0;
}

int
remember_new(struct remember **to, struct client_conf *c, char *const *env,
    bool quiet, struct buf *why)
{
	struct remember *r;
	int err = 0;

	*to = NULL;
	if (c->tls.ca || c->tls.pin)
		return 0;
	*to = r = mem_new(struct remember);
	r->quiet = quiet;
	r->known.met = on_met;
	r->known.arg = r;
	r->plain = !c->tls_enable && strcmp(c->protocol, "wss") != 0;
	if (known_put_name(&r->as, c->server_addr, (int)c->server_port) == 0)
		buf_puts(&r->name, buf_text(&r->as));
	else
		buf_printf(&r->as, "%s:%d", c->server_addr,
		    (int)c->server_port);
	r->path = state_of_person(env);
	if (!r->plain && r->path && buf_len(&r->name))
		err = look(r, c, why);
	c->hold_key = !r->plain && !r->kept;
	return err;
}

void
remember_free(struct remember *r)
{
	if (!r)
		return;
	buf_free(&r->known.place);
	buf_free(&r->name);
	buf_free(&r->as);
	free(r->path);
	free(r);
}
