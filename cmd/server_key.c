// SPDX-License-Identifier: MIT
#include "cmd/server_key.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/state.h"
#include "core/mem.h"
#include "crypto/own_key.h"
#include "crypto/rand.h"

#define FILE_NAME "server.key"

struct keeper {
	char *path; /* of the directory */
	int dir;
	char **to;
	struct buf *note, *why;
};

static int
refuse(struct keeper *k, const char *reason)
{
	buf_printf(k->why, "the server's own key '%s/" FILE_NAME "': %s; put "
	    "back the one that was there, or remove the file: then a new key "
	    "is made, with a new pin", k->path, reason);
	return -1;
}

/* STATE_NONE: there is none yet. */
static int
load(struct keeper *k)
{
	struct buf text = { 0 }, reason = { 0 };
	bool open_to_all = false;
	const char *bad = NULL;
	int r = state_load(k->dir, k->path, FILE_NAME, &text, &open_to_all,
	    &reason);

	if (r == -1)
		r = refuse(k, buf_text(&reason));
	if (r == 0 && buf_len(&text) == 0)
		bad = "the file is empty";
	else if (r == 0)
		bad = own_key_check(buf_text(&text));
	if (bad)
		r = refuse(k, bad);
	if (r == 0)
		*k->to = mem_dup(buf_text(&text));
	if (r == 0 && open_to_all)
		buf_printf(k->note, "others may use the server's own key "
		    "'%s/" FILE_NAME "': chmod 600 it", k->path);
	buf_wipe(&text);
	buf_free(&reason);
	return r;
}

/* What another server has put there meanwhile is ours, too. */
static int
make_at(struct keeper *k, int fd, struct buf *reason)
{
	struct buf text = { 0 };
	uint8_t seed[32];
	char *made;
	int r;

	rand_bytes(seed, sizeof(seed));
	made = own_key_make(seed);
	buf_puts(&text, made);
	r = state_put(k->dir, k->path, FILE_NAME, fd, &text, true, reason);
	if (r == STATE_THERE)
		r = load(k);
	else if (r == 0)
		*k->to = mem_dup(made);
	else
		r = 0; /* there is a reason */
	mem_wipe(seed, sizeof(seed));
	mem_free_secret(made);
	buf_wipe(&text);
	return r;
}

static int
make(struct keeper *k, struct buf *reason)
{
	int r, fd = state_begin(k->dir, k->path, FILE_NAME, reason);

	if (fd < 0)
		return 0;
	r = load(k);
	if (r == STATE_NONE)
		r = make_at(k, fd, reason);
	state_end(k->dir, FILE_NAME, fd);
	return r;
}

static int
find(struct keeper *k, struct buf *reason)
{
	int r;

	if (!k->path) {
		buf_puts(reason, "there is no place for it: set stateDir");
		return 0;
	}
	k->dir = state_open(k->path, STATE_MAKE | STATE_SHARED, reason);
	if (k->dir < 0)
		return 0;
	r = load(k);
	if (r == STATE_NONE)
		r = make(k, reason);
	close(k->dir);
	return r;
}

int
server_key(const struct server_conf *c, char *const *env, char **to,
    struct buf *note, struct buf *why)
{
	struct keeper k = { .to = to, .note = note, .why = why };
	struct buf reason = { 0 };
	int r;

	*to = NULL;
	if (c->tls.cert || c->tls.key)
		return 0;
	k.path = state_of_server(c->state_dir, env);
	r = find(&k, &reason);
	if (r == 0 && buf_len(&reason))
		buf_printf(note, "the server's own key cannot be kept, so its "
		    "pin changes with each start: %s", buf_text(&reason));
	free(k.path);
	buf_free(&reason);
	return r;
}
