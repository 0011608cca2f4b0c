// SPDX-License-Identifier: MIT
#include "core/ssh_mux.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"

#define VERSION 4

/* PROTOCOL.mux, 11: Protocol numbers */
enum {
	HELLO = 0x00000001,
	ASK_SESSION = 0x10000002,
	ASK_ALIVE = 0x10000004,
	ASK_FORWARD = 0x10000006,
	ASK_STDIO = 0x10000008,
};
#define FORWARD_THERE 2

static const struct {
	uint32_t number;
	enum ssh_mux_type type;
	bool text, value; /* what stands behind the id */
} answers[] = {
	{ 0x80000001, SSH_MUX_OK, false, false },
	{ 0x80000002, SSH_MUX_NO, true, false },
	{ 0x80000003, SSH_MUX_NO, true, false },
	{ 0x80000004, SSH_MUX_EXIT, false, true },
	{ 0x80000005, SSH_MUX_ALIVE, false, true },
	{ 0x80000006, SSH_MUX_OPENED, false, true },
	{ 0x80000007, SSH_MUX_PORT, false, true },
};
#define ANSWERS (sizeof(answers) / sizeof(*answers))

/* The body of a message: what cannot be read is 0, and body.p is NULL. */
static uint32_t
number(struct span *body)
{
	uint32_t v;

	if (!body->p || body->n < 4) {
		body->p = NULL;
		return 0;
	}
	v = be32(body->p);
	body->p += 4;
	body->n -= 4;
	return v;
}

static struct span
text(struct span *body)
{
	uint32_t n = number(body);
	struct span s = { body->p, n };

	if (!body->p || n > body->n) {
		body->p = NULL;
		return (struct span){ 0 };
	}
	body->p += n;
	body->n -= n;
	return s;
}

static int
read_hello(struct ssh_mux *m, struct span *body, struct ssh_mux_msg *msg)
{
	msg->type = SSH_MUX_HELLO;
	m->begun = 1;
	/* extensions may follow, and are none of ours */
	return number(body) == VERSION && body->p ? 1 : ERR_PROTO;
}

static int
read_message(struct ssh_mux *m, struct span body, struct ssh_mux_msg *msg)
{
	uint32_t type = number(&body);
	size_t i;

	*msg = (struct ssh_mux_msg){ .type = SSH_MUX_OTHER };
	if (!m->begun)
		return type == HELLO ? read_hello(m, &body, msg) : ERR_PROTO;
	for (i = 0; i < ANSWERS && answers[i].number != type; i++)
		;
	if (i == ANSWERS)
		return body.p ? 1 : ERR_PROTO;
	msg->type = answers[i].type;
	msg->id = number(&body);
	if (answers[i].value)
		msg->number = number(&body);
	if (answers[i].text)
		msg->text = text(&body);
	return body.p ? 1 : ERR_PROTO;
}

/* Takes bytes until want are there. */
static bool
gather(struct ssh_mux *m, const uint8_t **p, size_t *n, size_t want)
{
	size_t have = buf_len(&m->in), part;

	if (have >= want)
		return true;
	part = min_size(want - have, *n);
	if (part > 0) {
		buf_put(&m->in, *p, part);
		*p += part;
		*n -= part;
	}
	return have + part == want;
}

int
ssh_mux_take(struct ssh_mux *m, const uint8_t **p, size_t *n,
    struct ssh_mux_msg *msg)
{
	size_t len;
	int r;

	if (m->err)
		return m->err;
	buf_take(&m->in, m->spent);
	m->spent = 0;
	if (!gather(m, p, n, 4))
		return 0;
	len = be32(buf_peek(&m->in));
	if (len > SSH_MUX_MAX)
		return m->err = ERR_LIMIT;
	if (!gather(m, p, n, 4 + len))
		return 0;
	m->spent = 4 + len;
	r = read_message(m, (struct span){ buf_peek(&m->in) + 4, len }, msg);
	return r < 0 ? m->err = r : r;
}

void
ssh_mux_release(struct ssh_mux *m)
{
	buf_free(&m->in);
}

static void
put_number(struct buf *to, uint32_t v)
{
	uint8_t b[4];

	put_be32(b, v);
	buf_put(to, b, sizeof(b));
}

static void
put_text(struct buf *to, const char *s)
{
	put_number(to, (uint32_t)strlen(s));
	buf_puts(to, s);
}

static void
put_message(struct buf *to, struct buf *body)
{
	put_number(to, (uint32_t)buf_len(body));
	buf_put(to, buf_peek(body), buf_len(body));
	buf_free(body);
}

void
ssh_mux_put_hello(struct buf *to)
{
	struct buf body = { 0 };

	put_number(&body, HELLO);
	put_number(&body, VERSION);
	put_message(to, &body);
}

void
ssh_mux_put_session(struct buf *to, uint32_t id, const char *command)
{
	struct buf body = { 0 };
	int i;

	put_number(&body, ASK_SESSION);
	put_number(&body, id);
	put_text(&body, "");
	/* no terminal, X11, agent, subsystem; masters read a uint32 of each,
	 * whatever the document says */
	for (i = 0; i < 4; i++)
		put_number(&body, 0);
	put_number(&body, UINT32_MAX); /* no escape character */
	put_text(&body, "");	       /* terminal */
	put_text(&body, command);
	put_message(to, &body);
}

void
ssh_mux_put_stdio(struct buf *to, uint32_t id, const char *host, int port)
{
	struct buf body = { 0 };

	put_number(&body, ASK_STDIO);
	put_number(&body, id);
	put_text(&body, "");
	put_text(&body, host);
	put_number(&body, (uint32_t)port);
	put_message(to, &body);
}

void
ssh_mux_put_alive(struct buf *to, uint32_t id)
{
	struct buf body = { 0 };

	put_number(&body, ASK_ALIVE);
	put_number(&body, id);
	put_message(to, &body);
}

void
ssh_mux_put_remote(struct buf *to, uint32_t id, const char *bind, int port,
    const char *host, int to_port)
{
	struct buf body = { 0 };

	put_number(&body, ASK_FORWARD);
	put_number(&body, id);
	put_number(&body, FORWARD_THERE);
	put_text(&body, bind);
	put_number(&body, (uint32_t)port);
	put_text(&body, host);
	put_number(&body, (uint32_t)to_port);
	put_message(to, &body);
}
