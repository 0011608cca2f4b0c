/* A stream that lives over another one, which it owns: TLS, WebSocket, the
 * filters of a proxy.  What is alike in them stands here: what may be put
 * before the layer is up, the ends, the errors, the way of dying. */
#ifndef NET_LAYER_H
#define NET_LAYER_H

#include "core/buf.h"
#include "net/loop.h"
#include "net/stream.h"

struct layer;

struct layer_kind {
	/* bytes of the peer, which may be changed */
	void (*data)(struct layer *x, uint8_t *p, size_t n);
	/* bytes for the peer, on to under, nothing of them stays borrowed;
	 * only once the layer is up */
	void (*send)(struct layer *x, const uint8_t *p, size_t n);
	/* our end: said, and under finished; only once, and when up */
	void (*end)(struct layer *x);
	/* why the end of under is no good end now; NULL when it is */
	const char *(*cut)(struct layer *x);
	void (*free)(struct layer *x); /* its own things, and the struct */
};

struct layer {
	struct stream s;
	struct stream *under;
	const struct layer_kind *kind;
	struct buf early;  /* put before the layer was up */
	struct buf filled; /* being filled by reserve … commit */
	bool up, finish, ended, failed;
	char *why; /* of STREAM_ERROR */
};

/* Takes under; x lies first in the kind's struct. */
void layer_init(struct layer *x, struct loop *l, struct stream *under,
    const struct stream_ops *ops, const struct layer_kind *kind);
struct layer *layer_of(const struct stream *s);

void layer_up(struct layer *x); /* tells, and sends what waited */
void layer_eof(struct layer *x); /* the peer's end, told once */
void layer_fail(struct layer *x, const char *why);
void layer_pass(struct layer *x, const void *p, size_t n); /* to under */

size_t layer_room(struct stream *s);
uint8_t *layer_reserve(struct stream *s, size_t *n);
void layer_commit(struct stream *s, size_t n);
void layer_put(struct stream *s, const uint8_t *p, size_t n);
void layer_flush(struct stream *s);
size_t layer_queued(const struct stream *s);
void layer_finish(struct stream *s);
void layer_want(struct stream *s, bool data);
void layer_consumed(struct stream *s, size_t n); /* nothing to do */
void layer_close(struct stream *s, bool gentle);
const char *layer_why(const struct stream *s);
struct stream *layer_under(const struct stream *s);

#define LAYER_OPS                                                      \
	.room = layer_room, .reserve = layer_reserve,                  \
	.commit = layer_commit, .put = layer_put, .flush = layer_flush, \
	.queued = layer_queued, .finish = layer_finish,                \
	.want = layer_want, .close = layer_close, .why = layer_why,    \
	.under = layer_under

#endif
