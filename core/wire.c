// SPDX-License-Identifier: MIT
#include "core/wire.h"

#include <string.h>

#include "core/bytes.h"
#include "core/err.h"

void
wire_release(struct wire *w)
{
	buf_free(&w->body);
}

static int
check_head(const struct wire *w)
{
	if (msg_type_of_byte(w->head[0]) < 0)
		return ERR_PROTO;
	if (w->have == WIRE_HEAD && be64(w->head + 1) > WIRE_MAX_BODY)
		return ERR_LIMIT; /* refused before we wait for it */
	return 0;
}

static void
take(const uint8_t **p, size_t *n, size_t count)
{
	if (count == 0) /* of nothing, *p may be NULL */
		return;
	*p += count;
	*n -= count;
}

static int
take_head(struct wire *w, const uint8_t **p, size_t *n)
{
	size_t count = min_size(*n, (size_t)(WIRE_HEAD - w->have));

	if (count == 0)
		return 0;
	memcpy(w->head + w->have, *p, count);
	w->have = (uint8_t)(w->have + count);
	take(p, n, count);
	return check_head(w);
}

int
wire_take(struct wire *w, const uint8_t **p, size_t *n, struct msg *m)
{
	size_t want, count;
	int r;

	if (w->err)
		return w->err;
	if ((r = take_head(w, p, n)) < 0)
		return w->err = r;
	if (w->have < WIRE_HEAD)
		return 0;
	want = (size_t)be64(w->head + 1);
	count = min_size(*n, want - buf_len(&w->body));
	buf_put(&w->body, *p, count);
	take(p, n, count);
	if (buf_len(&w->body) < want)
		return 0;
	r = msg_decode(m, (enum msg_type)msg_type_of_byte(w->head[0]),
	    buf_peek(&w->body), want);
	buf_free(&w->body);
	w->have = 0;
	return r < 0 ? (w->err = r) : 1;
}

void
wire_put(struct buf *to, const struct msg *m)
{
	struct buf body = { 0 };
	uint8_t *head;

	msg_encode(m, &body);
	head = buf_room(to, WIRE_HEAD);
	head[0] = msg_byte(m->type);
	put_be64(head + 1, buf_len(&body));
	buf_added(to, WIRE_HEAD);
	buf_put(to, buf_peek(&body), buf_len(&body));
	buf_free(&body);
}
