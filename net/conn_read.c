// SPDX-License-Identifier: MIT
/* The way in: what a socket has goes straight to where it will be sent from,
 * or into the loop's scratch for somebody to look at. */
#include <errno.h>
#include <sys/socket.h>

#include "core/bytes.h"
#include "net/conn_internal.h"

#define READ_FRAMES 3

static void
read_to_sink(struct conn *c, struct stream *sink)
{
	size_t n = stream_room(sink);
	uint8_t *to;
	ssize_t got;
	int error;

	if (n && c->run && conn_splice(c))
		return;
	n = min_size(n, loop_turn(conn_loop(c)));
	to = n ? stream_reserve(sink, &n) : NULL;
	if (n == 0) {
		/* the sink says STREAM_ROOM to its holder, who resumes us */
		c->paused = true;
		conn_arm(c);
		return;
	}
	do
		got = recv(c->io.fd, to, n, 0);
	while (got < 0 && errno == EINTR);
	error = errno;
	stream_commit(sink, got > 0 ? (size_t)got : 0);
	if (got > 0) {
		loop_took(conn_loop(c), (size_t)got);
		conn_splice_note(c, (size_t)got);
		stream_tell(&c->s, STREAM_DATA, NULL, (size_t)got);
	} else if (got == 0) {
		c->eof = true;
		stream_tell(&c->s, STREAM_EOF, NULL, 0);
	} else if (error != EAGAIN) {
		conn_fail(c, error);
	}
}

static uint32_t
asked(const struct conn *c)
{
	return conn_has_more(c) ? conn_has_more(c)->ask : 0;
}

static void
read_to_scratch(struct conn *c)
{
	size_t most = asked(c) && !conn_has_more(c)->divert ? asked(c) :
						     loop_turn(conn_loop(c));
	ssize_t got;

	if (c->sip)
		most = CONN_SIP;
	do
		got = recv(c->io.fd, conn_loop(c)->scratch, most, 0);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		loop_took(conn_loop(c), (size_t)got);
		stream_tell(&c->s, STREAM_DATA, conn_loop(c)->scratch,
		    (size_t)got);
	} else if (got == 0) {
		c->eof = true;
		stream_tell(&c->s, STREAM_EOF, NULL, 0);
		if (c->s.closed && c->io.fd >= 0 && !conn_holds(c))
			conn_die(c);
	} else if (errno != EAGAIN) {
		conn_fail(c, errno);
	}
}

static bool
may_read(const struct conn *c)
{
	return c->io.fd >= 0 && !c->failed && !c->eof &&
	    (!c->paused || c->s.closed);
}

/* Payload that is diverted, the head of the next frame, its payload: all in
 * one pass, but only one read into the scratch, which may be borrowed then. */
static void
read_frames(struct conn *c)
{
	bool read = false;
	int i, r;

	for (i = 0; i < READ_FRAMES && asked(c) && may_read(c); i++) {
		r = conn_has_more(c)->divert ? conn_splice_ahead(c) : -1;
		if (r == 0 || (r < 0 && (read || (i > 0 && conn_has_more(c)->divert))))
			return;
		if (r > 0)
			continue;
		read_to_scratch(c);
		read = true;
	}
}

void
conn_read(struct conn *c)
{
	struct stream *sink = stream_sink(&c->s);

	if (!may_read(c))
		return;
	if (sink)
		read_to_sink(c, sink);
	else if (asked(c))
		read_frames(c);
	else
		read_to_scratch(c);
}
