// SPDX-License-Identifier: MIT
#include "net/offer.h"

#include <stdlib.h>
#include <string.h>

#include "core/ip_text.h"
#include "core/mem.h"
#include "core/socks5.h"

#define OFFER_MS 25000 /* the worker's name server and target may be slow */

struct offer_call {
	struct loop *l;
	struct visitor_call *visit;
	struct stream *s;
	struct socks5 socks;
	struct socks5_addr target;
	bool fits, refused, done;
	struct buf hello, why, line;
	struct timer late;
	offer_cb *cb;
	void *arg;
	struct deferred gone;
};

static void
free_call(struct deferred *d)
{
	struct offer_call *c = list_item(d, struct offer_call, gone);

	buf_free(&c->hello);
	buf_free(&c->why);
	buf_free(&c->line);
	free(c);
}

static void
finish(struct offer_call *c, bool up, const char *error)
{
	if (c->done)
		return;
	c->done = true;
	timer_stop(&c->late);
	visitor_cancel(c->visit);
	c->visit = NULL;
	if (up)
		stream_on(c->s, NULL, NULL);
	else
		stream_close(c->s);
	loop_defer(c->l, &c->gone, free_call);
	if (c->cb)
		c->cb(c->arg, up ? c->s : NULL, error);
}

/* In the worker's words, as far as they have come. */
static void
fail(struct offer_call *c, const char *otherwise)
{
	if (buf_len(&c->line))
		finish(c, false, buf_text(&c->line));
	else
		finish(c, false, buf_len(&c->why) ? buf_text(&c->why) :
		    otherwise);
}

static void
on_late(struct timer *t, void *arg)
{
	struct offer_call *c = arg;

	(void)t;
	if (!c->fits)
		fail(c, "this is no target: the name is empty or too long");
	else
		fail(c, "the worker did not answer in time");
}

static void
write_out(struct offer_call *c, struct buf *out)
{
	if (buf_len(out)) {
		stream_put(c->s, buf_peek(out), buf_len(out));
		stream_flush(c->s);
	}
	buf_free(out);
}

static void
feed(struct offer_call *c, const uint8_t *p, size_t n)
{
	struct stream *s = c->s;
	struct buf out = { 0 };
	size_t left = n;
	int r = 0;

	if (!c->refused) {
		r = socks5_answer(&c->socks, &p, &left, &out, &c->target,
		    &c->why);
		write_out(c, &out);
	}
	stream_consumed(s, c->refused || r < 0 ? n : n - left);
	if (r > 0) {
		stream_unread(s, p, left);
		finish(c, true, NULL);
		return;
	}
	c->refused |= r < 0;
	if (c->refused &&
	    socks5_line(&c->socks, &p, &left, &c->line) != 0)
		fail(c, "the worker refused");
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)s;
	if (ev == STREAM_DATA && n)
		feed(arg, p, n);
	else if (ev == STREAM_EOF || ev == STREAM_ERROR)
		fail(arg, "the worker ended the stream");
}

/* The hello has been said. */
static void
begin(struct offer_call *c, struct stream *s)
{
	c->s = s;
	timer_start(&c->late, c->l, OFFER_MS, on_late, c);
	stream_on(s, on_stream, c);
	stream_want(s, true);
}

static void
on_visit(void *arg, struct stream *s, bool ours, const char *error)
{
	struct offer_call *c = arg;

	(void)ours; /* only about sudp's frames */
	c->visit = NULL;
	if (s)
		begin(c, s);
	else
		finish(c, false, error);
}

static struct offer_call *
call_new(struct loop *l, const struct offer_want *w, offer_cb *cb, void *arg)
{
	struct offer_call *c = mem_new(struct offer_call);
	size_t n = strlen(w->host);

	c->l = l;
	c->cb = cb;
	c->arg = arg;
	socks5_set_name(&c->target, w->host, (uint16_t)w->port);
	c->target.ip_len = (uint8_t)ip_text_read(c->target.ip, w->host, n);
	c->fits = socks5_client(&c->socks, &c->hello, NULL, NULL,
	    &c->target) == 0;
	if (w->udp)
		c->socks.command = SOCKS5_UDP_ASSOCIATE;
	else if (w->listen)
		c->socks.command = SOCKS5_BIND;
	if (c->fits)
		socks5_hurry(&c->socks, &c->hello, &c->target);
	else
		timer_start(&c->late, l, 0, on_late, c);
	return c;
}

struct offer_call *
offer_call(struct visitor *v, const struct offer_want *w, offer_cb *cb,
    void *arg)
{
	struct offer_call *c = call_new(v->client->l, w, cb, arg);

	if (c->fits)
		c->visit = visitor_call_saying(v, buf_peek(&c->hello),
		    buf_len(&c->hello), on_visit, c);
	return c;
}

struct offer_call *
offer_talk(struct loop *l, struct stream *s, const struct offer_want *w,
    offer_cb *cb, void *arg)
{
	struct offer_call *c = call_new(l, w, cb, arg);

	if (c->fits) {
		begin(c, s);
		write_out(c, &c->hello);
	} else {
		c->s = s;
		stream_on(s, NULL, NULL);
	}
	return c;
}

unsigned
offer_code(const struct offer_call *c)
{
	return c->refused ? socks5_code(&c->socks) : SOCKS5_OK;
}

int
offer_port(const struct offer_call *c)
{
	return socks5_port(&c->socks);
}

void
offer_cancel(struct offer_call *c)
{
	if (!c)
		return;
	c->cb = NULL;
	finish(c, false, NULL);
}
