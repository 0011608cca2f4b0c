/* One yamux machine under a test's hands: bytes are written as hex, events
 * are gathered as text ("O1" opened, "A" acknowledged, "R" room, "D1:hello"
 * data however it was cut, "F" FIN, "X" RST, "P" pong, "G" go away). */
#ifndef TEST_CORE_MUX_SOLO_H
#define TEST_CORE_MUX_SOLO_H

#include "core/buf.h"
#include "core/err.h"
#include "core/mux.h"
#include "core/mux_frame.h"
#include "test/t.h"

struct solo {
	struct mux *m;
	struct buf log;
	uint64_t now;
	uint32_t data_of; /* the log ends in payload of this one */
	bool keep;	  /* payload is not consumed */
	int r;
};

static inline struct solo
solo_new(enum mux_side side, const struct mux_limits *lim)
{
	struct solo s = { .now = 1000 };

	s.m = mux_new(side, lim ? lim : &mux_limits_default, 1, s.now);
	return s;
}

static inline void
solo_free(struct solo *s)
{
	mux_free(s->m);
	buf_free(&s->log);
}

static inline void
solo_event(struct solo *s, const struct mux_event *ev)
{
	static const char marks[] = "OADFXRPG";

	if (ev->type != MUX_DATA || s->data_of != ev->id)
		buf_printf(&s->log, "%s%c%u%s", buf_len(&s->log) ? " " : "",
		    marks[ev->type], ev->id, ev->type == MUX_DATA ? ":" : "");
	s->data_of = 0;
	if (ev->type != MUX_DATA)
		return;
	s->data_of = ev->id;
	buf_put(&s->log, ev->p, ev->n);
	if (!s->keep)
		mux_consumed(s->m, s->now, ev->id, ev->n);
}

static inline int
solo_next(struct solo *s)
{
	struct mux_event ev;

	while ((s->r = mux_next(s->m, s->now, &ev)) > 0)
		solo_event(s, &ev);
	return s->r;
}

static inline int
solo_feed(struct solo *s, const void *p, size_t n)
{
	uint8_t *copy = malloc(n + !n); /* so that reading past it is seen */

	memcpy(copy, p, n);
	mux_feed(s->m, copy, n);
	solo_next(s);
	free(copy);
	return s->r;
}

static inline void
solo_hex(struct buf *to, const char *hex)
{
	unsigned v;

	for (; *hex; hex += hex[0] == ' ' ? 1 : 2)
		if (*hex != ' ' && sscanf(hex, "%2x", &v) == 1)
			buf_put(to, &(uint8_t){ (uint8_t)v }, 1);
}

static inline int
solo_feed_hex(struct solo *s, const char *hex)
{
	struct buf b = {0};

	solo_hex(&b, hex);
	solo_feed(s, buf_peek(&b), buf_len(&b));
	buf_free(&b);
	return s->r;
}

static inline int
solo_frame(struct solo *s, enum mux_frame_type type, uint16_t flags,
    uint32_t id, uint32_t len)
{
	uint8_t head[MUX_HEAD];

	mux_frame_put(head, type, flags, id, len);
	return solo_feed(s, head, sizeof(head));
}

/* A whole data frame of n zeroes. */
static inline int
solo_data(struct solo *s, uint32_t id, uint32_t n)
{
	uint8_t *p = calloc(1, MUX_HEAD + n);

	mux_frame_put(p, MUX_FRAME_DATA, 0, id, n);
	solo_feed(s, p, MUX_HEAD + n);
	free(p);
	return s->r;
}

/* What the machine said since it was asked last. */
static inline bool
solo_said(struct solo *s, const char *hex)
{
	struct buf want = {0}, *out = mux_out(s->m);
	size_t i;
	bool same;

	solo_hex(&want, hex);
	same = buf_len(&want) == buf_len(out) && (!buf_len(out) ||
	    memcmp(buf_peek(&want), buf_peek(out), buf_len(out)) == 0);
	for (i = 0; !same && i < buf_len(out) && i < 96; i++)
		printf("%02x%s", buf_peek(out)[i], i % 12 == 11 ? "\n" : " ");
	buf_free(&want);
	buf_take(out, buf_len(out));
	return same;
}

static inline const char *
solo_log(struct solo *s)
{
	static char text[1024];

	snprintf(text, sizeof(text), "%s", buf_text(&s->log));
	buf_take(&s->log, buf_len(&s->log));
	s->data_of = 0;
	return text;
}

#endif
