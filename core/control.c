// SPDX-License-Identifier: MIT
#include "core/control.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct control {
	struct filter_cfb filter;
	struct wire wire;
	struct buf in, out; /* plain text not yet taken; ciphertext to send */
};

struct control *
control_new(const char *token, const uint8_t iv[static CFB_IV_LEN])
{
	struct control *c = mem_new(struct control);

	filter_cfb_init(&c->filter, token, iv);
	return c;
}

void
control_free(struct control *c)
{
	if (!c)
		return;
	filter_cfb_release(&c->filter);
	wire_release(&c->wire);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

void
control_feed(struct control *c, const uint8_t *p, size_t n)
{
	uint8_t *room = buf_room(&c->in, n);
	size_t plain;

	if (n == 0)
		return;
	memcpy(room, p, n);
	plain = filter_cfb_decode(&c->filter, room, n);
	if (plain < n)
		memmove(room, room + (n - plain), plain);
	buf_added(&c->in, plain);
}

int
control_next(struct control *c, struct msg *m)
{
	const uint8_t *p = buf_peek(&c->in);
	size_t before = buf_len(&c->in), n = before;
	int r;

	r = wire_take(&c->wire, &p, &n, m);
	buf_take(&c->in, before - n);
	if (buf_len(&c->in) == 0)
		buf_free(&c->in); /* an idle client keeps nothing */
	return r;
}

void
control_put(struct control *c, const struct msg *m)
{
	struct buf plain = { 0 };

	wire_put(&plain, m);
	filter_cfb_encode(&c->filter, &c->out, buf_peek(&plain),
	    buf_len(&plain));
	buf_wipe(&plain);
}

struct buf *
control_out(struct control *c)
{
	return &c->out;
}
