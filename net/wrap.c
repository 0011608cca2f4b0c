// SPDX-License-Identifier: MIT
#include "net/wrap.h"

#include <stdlib.h>

#include "core/err.h"
#include "core/filter_cfb.h"
#include "core/filter_snappy.h"
#include "core/mem.h"
#include "crypto/rand.h"

struct wrap {
	struct stream s;
	struct loop *l;
	struct stream *under;
	struct filter_cfb *cfb;	      /* NULL: in clear */
	struct filter_snappy *snappy; /* NULL: as it is */
	struct buf filled;	      /* being filled by reserve … commit */
	struct buf sealed, packed;    /* on the way out, empty between calls */
	size_t plain, wire; /* given out and not yet consumed; what it was */
	struct deferred gone;
	bool closed, failed;
	const char *why;
	char *name;
};

static struct wrap *
wrap_of(const struct stream *s)
{
	return list_item(s, struct wrap, s);
}

static void
tell(struct wrap *x, enum stream_event ev, const uint8_t *p, size_t n)
{
	if (!x->closed && x->s.cb)
		x->s.cb(&x->s, ev, p, n, x->s.arg);
}

static void
fail(struct wrap *x, const char *why)
{
	if (x->failed || x->closed)
		return;
	x->failed = true;
	x->why = why;
	tell(x, STREAM_ERROR, NULL, 0);
}

/* Who holds the stream only ends it: the reason would be lost. */
static void
spoilt(struct wrap *x, const char *why)
{
	if (!x->failed && !x->closed)
		log_warn(x->l->log, "[%s] %s: this connection is cut (are "
		    "useEncryption, useCompression and the keys the same on "
		    "both ends?)", x->name, why);
	fail(x, why);
}

/* Plain bytes for the holder; they count until it has passed them on. */
static void
give(struct wrap *x, const uint8_t *p, size_t n)
{
	x->plain += n;
	tell(x, STREAM_DATA, p, n);
}

static void
unpack(struct wrap *x, const uint8_t *p, size_t n)
{
	struct span piece;
	int r;

	filter_snappy_feed(x->snappy, p, n);
	while (!x->closed &&
	    (r = filter_snappy_next(x->snappy, &piece)) != 0) {
		if (r < 0) {
			spoilt(x, "corrupt compressed data");
			return;
		}
		give(x, piece.p, piece.n);
		/* the next piece may lie where this one does */
		loop_settle(x->l);
	}
}

/* Bytes that came without plain text in them (an IV, a chunk's head) are
 * consumed at once; the others with what they carried. */
static void
credit(struct wrap *x)
{
	if (x->plain == 0 && x->wire && !x->closed) {
		stream_consumed(x->under, x->wire);
		x->wire = 0;
	}
}

static void
on_data(struct wrap *x, const uint8_t *p, size_t n)
{
	/* it lies in the loop's scratch or in TLS's memory: ours to change */
	uint8_t *at = (uint8_t *)(uintptr_t)p;
	size_t len = n;

	x->wire += n;
	if (x->cfb) {
		len = filter_cfb_decode(x->cfb, at, n);
		at += n - len;
	}
	if (len && x->snappy)
		unpack(x, at, len);
	else if (len)
		give(x, at, len);
	credit(x);
}

static void
on_under(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct wrap *x = arg;

	switch (ev) {
	case STREAM_DATA:
		if (!x->failed && n)
			on_data(x, p, n);
		break;
	case STREAM_SENT:
		/* sizes differ: all that was put has gone on, or is not told */
		if (stream_queued(s) == 0)
			tell(x, STREAM_SENT, NULL, SIZE_MAX);
		break;
	case STREAM_EOF:
		if (x->snappy && !filter_snappy_whole(x->snappy))
			spoilt(x, "compressed data ends in the middle");
		else
			tell(x, STREAM_EOF, NULL, 0);
		break;
	case STREAM_ERROR:
		fail(x, stream_why(s));
		break;
	default:
		tell(x, ev, p, n);
		break;
	}
}

static void
wrap_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct wrap *x = wrap_of(s);

	if (n == 0 || x->failed || x->closed)
		return;
	if (x->snappy) {
		filter_snappy_encode(x->snappy, &x->packed, p, n);
		p = buf_peek(&x->packed);
		n = buf_len(&x->packed);
	}
	if (x->cfb) {
		if (n > 4096)
			loop_lend(x->l, &x->sealed);
		filter_cfb_encode(x->cfb, &x->sealed, p, n);
		p = buf_peek(&x->sealed);
		n = buf_len(&x->sealed);
	}
	stream_put(x->under, p, n);
	stream_flush(x->under); /* nothing stays borrowed from here */
	buf_free(&x->packed);
	if (buf_len(&x->sealed)) {
		buf_take(&x->sealed, buf_len(&x->sealed));
		loop_take_back(x->l, &x->sealed);
	}
}

static size_t
wrap_room(struct stream *s)
{
	return stream_room(wrap_of(s)->under);
}

static uint8_t *
wrap_reserve(struct stream *s, size_t *n)
{
	struct wrap *x = wrap_of(s);

	if (*n > 4096)
		loop_lend(x->l, &x->filled);
	return buf_room(&x->filled, *n);
}

static void
wrap_commit(struct stream *s, size_t n)
{
	struct wrap *x = wrap_of(s);

	buf_added(&x->filled, n);
	wrap_put(s, buf_peek(&x->filled), n);
	buf_take(&x->filled, n);
	loop_take_back(x->l, &x->filled);
}

static void
wrap_flush(struct stream *s)
{
	stream_flush(wrap_of(s)->under);
}

static size_t
wrap_queued(const struct stream *s)
{
	return stream_queued(wrap_of(s)->under);
}

static void
wrap_finish(struct stream *s)
{
	stream_finish(wrap_of(s)->under);
}

static void
wrap_want(struct stream *s, bool data)
{
	stream_want(wrap_of(s)->under, data);
}

/* The wire's share of what was passed on. */
static void
wrap_consumed(struct stream *s, size_t n)
{
	struct wrap *x = wrap_of(s);
	size_t share;

	if (x->plain == 0)
		return;
	if (n > x->plain)
		n = x->plain;
	share = n == x->plain ?
	    x->wire :
	    (size_t)((unsigned long long)x->wire * n / x->plain);
	x->plain -= n;
	x->wire -= share;
	if (share)
		stream_consumed(x->under, share);
}

static void
free_wrap(struct deferred *d)
{
	struct wrap *x = list_item(d, struct wrap, gone);

	if (x->cfb)
		filter_cfb_release(x->cfb);
	if (x->snappy)
		filter_snappy_release(x->snappy);
	free(x->cfb);
	free(x->snappy);
	buf_wipe(&x->filled);
	free(x->name);
	free(x);
}

static void
wrap_close(struct stream *s, bool gentle)
{
	struct wrap *x = wrap_of(s);

	if (x->closed)
		return;
	x->closed = true;
	if (gentle)
		stream_linger(x->under);
	else
		stream_close(x->under);
	loop_defer(x->l, &x->gone, free_wrap);
}

static const char *
wrap_why(const struct stream *s)
{
	const struct wrap *x = wrap_of(s);

	return x->why ? x->why : stream_why(x->under);
}

#define OPS(windowed_)                                                \
	{                                                             \
		.room = wrap_room, .reserve = wrap_reserve,           \
		.commit = wrap_commit, .put = wrap_put,               \
		.flush = wrap_flush, .queued = wrap_queued,           \
		.finish = wrap_finish, .want = wrap_want,             \
		.consumed = wrap_consumed, .close = wrap_close,       \
		.why = wrap_why, .windowed = (windowed_),             \
	}
static const struct stream_ops wrap_ops = OPS(false);
static const struct stream_ops wrap_windowed_ops = OPS(true);

struct stream *
wrap_new(struct loop *l, struct stream *s, const struct wrap_how *how)
{
	uint8_t iv[CFB_IV_LEN];
	struct wrap *x;

	if (!how->encrypt && !how->compress)
		return s;
	x = mem_new(struct wrap);
	x->s.ops = s->ops->windowed ? &wrap_windowed_ops : &wrap_ops;
	x->l = l;
	x->under = s;
	x->name = mem_dup(how->name);
	if (how->encrypt) {
		x->cfb = mem_new(struct filter_cfb);
		rand_bytes(iv, sizeof(iv));
		filter_cfb_init(x->cfb, how->secret ? how->secret : "", iv);
	}
	if (how->compress)
		x->snappy = mem_new(struct filter_snappy);
	stream_on(s, on_under, x);
	return &x->s;
}
