// SPDX-License-Identifier: MIT
#include "net/wrap.h"

#include <stdlib.h>

#include "core/err.h"
#include "core/filter_cfb.h"
#include "core/filter_snappy.h"
#include "core/mem.h"
#include "crypto/rand.h"
#include "net/layer.h"

struct wrap {
	struct layer layer;
	struct filter_cfb *cfb;	      /* NULL: in clear */
	struct filter_snappy *snappy; /* NULL: as it is */
	struct buf sealed, packed;    /* on the way out, empty between calls */
	size_t plain, wire; /* given out and not yet consumed; what it was */
	char *name;
};

static struct wrap *
wrap_of(const struct layer *x)
{
	return list_item(x, struct wrap, layer);
}

/* Who holds the stream only ends it: the reason would be lost. */
static void
say_spoilt(struct layer *x, const char *why)
{
	if (!x->failed && !x->s.closed)
		log_warn(x->s.l->log, "[%s] %s: this connection is cut (are "
		    "useEncryption, useCompression and the keys the same on "
		    "both ends?)", wrap_of(x)->name, why);
}

/* Plain bytes for the holder; they count until it has passed them on. */
static void
give(struct layer *x, const uint8_t *p, size_t n)
{
	wrap_of(x)->plain += n;
	stream_tell(&x->s, STREAM_DATA, p, n);
}

static void
unpack(struct layer *x, const uint8_t *p, size_t n)
{
	static const char corrupt[] = "corrupt compressed data";
	struct wrap *own = wrap_of(x);
	struct span piece;
	int r;

	filter_snappy_feed(own->snappy, p, n);
	while (!x->s.closed &&
	    (r = filter_snappy_next(own->snappy, &piece)) != 0) {
		if (r < 0) {
			say_spoilt(x, corrupt);
			layer_fail(x, corrupt);
			return;
		}
		give(x, piece.p, piece.n);
		/* the next piece may lie where this one does */
		loop_settle(x->s.l);
	}
}

static void
take(struct layer *x, uint8_t *p, size_t n)
{
	struct wrap *own = wrap_of(x);
	size_t len = n;

	own->wire += n;
	if (own->cfb)
		len = filter_cfb_decode(own->cfb, p, n);
	if (len && own->snappy)
		unpack(x, p + (n - len), len);
	else if (len)
		give(x, p + (n - len), len);
	/* what came without plain text in it (an IV, a chunk's head) is
	 * consumed at once; the rest with what it carried */
	if (own->plain == 0 && own->wire && !x->s.closed) {
		stream_consumed(x->under, own->wire);
		own->wire = 0;
	}
}

static void
pack(struct layer *x, const uint8_t *p, size_t n)
{
	struct wrap *own = wrap_of(x);

	if (own->snappy) {
		filter_snappy_encode(own->snappy, &own->packed, p, n);
		p = buf_peek(&own->packed);
		n = buf_len(&own->packed);
	}
	if (own->cfb) {
		if (n > 4096)
			loop_lend(x->s.l, &own->sealed);
		filter_cfb_encode(own->cfb, &own->sealed, p, n);
		p = buf_peek(&own->sealed);
		n = buf_len(&own->sealed);
	}
	stream_put(x->under, p, n);
	stream_flush(x->under); /* nothing stays borrowed from here */
	buf_free(&own->packed);
	if (buf_len(&own->sealed)) {
		buf_take(&own->sealed, buf_len(&own->sealed));
		loop_take_back(x->s.l, &own->sealed);
	}
}

static void
say_end(struct layer *x)
{
	stream_finish(x->under); /* neither filter has words for it */
}

/* Where the compressed data end in the middle, so does the connection. */
static const char *
cut(struct layer *x)
{
	static const char why[] = "compressed data ends in the middle";
	struct wrap *own = wrap_of(x);

	if (!own->snappy || filter_snappy_whole(own->snappy))
		return NULL;
	say_spoilt(x, why);
	return why;
}

/* The wire's share of what was passed on. */
static void
consumed(struct stream *s, size_t n)
{
	struct layer *x = layer_of(s);
	struct wrap *own = wrap_of(x);
	size_t share;

	if (own->plain == 0)
		return;
	if (n > own->plain)
		n = own->plain;
	share = n == own->plain ?
	    own->wire :
	    (size_t)((unsigned long long)own->wire * n / own->plain);
	own->plain -= n;
	own->wire -= share;
	if (share)
		stream_consumed(x->under, share);
}

static void
free_wrap(struct layer *x)
{
	struct wrap *own = wrap_of(x);

	if (own->cfb)
		filter_cfb_release(own->cfb);
	if (own->snappy)
		filter_snappy_release(own->snappy);
	free(own->cfb);
	free(own->snappy);
	free(own->name);
	free(own);
}

static const struct layer_kind kind = {
	.data = take,
	.send = pack,
	.end = say_end,
	.cut = cut,
	.free = free_wrap,
};

static const struct stream_ops wrap_ops = {
	LAYER_OPS,
	.consumed = consumed,
};
/* Over a stream with a window, which consumed holds back. */
static const struct stream_ops wrap_windowed_ops = {
	LAYER_OPS,
	.consumed = consumed,
	.windowed = true,
};

struct stream *
wrap_new(struct loop *l, struct stream *s, const struct wrap_how *how)
{
	uint8_t iv[CFB_IV_LEN];
	struct wrap *own;

	if (!how->encrypt && !how->compress)
		return s;
	own = mem_new(struct wrap);
	own->name = mem_dup(how->name);
	if (how->encrypt) {
		own->cfb = mem_new(struct filter_cfb);
		rand_bytes(iv, sizeof(iv));
		filter_cfb_init(own->cfb, how->secret ? how->secret : "", iv);
	}
	if (how->compress)
		own->snappy = mem_new(struct filter_snappy);
	layer_init(&own->layer, l, s,
	    s->ops->windowed ? &wrap_windowed_ops : &wrap_ops, &kind);
	own->layer.up = true; /* there is no handshake */
	return &own->layer.s;
}
