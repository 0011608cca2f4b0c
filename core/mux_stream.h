/* What the files of the yamux machine share; for core/mux*.c only.
 *
 * Of each stream the machine keeps 64 bytes and no payload.  Between the two
 * sides of a window this holds always:
 *	recv + held <= window
 * so the peer can never make the owner hold more than the window. */
#ifndef CORE_MUX_STREAM_H
#define CORE_MUX_STREAM_H

#include "core/list.h"
#include "core/map.h"
#include "core/mux.h"
#include "core/mux_frame.h"

#define MUX_NEVER   UINT64_MAX
#define MUX_ANSWERS 4096 /* queued for a peer that does not read them */

struct mux_stream {
	struct list wait; /* in opening, closing or gone of the session */
	void *arg;
	uint64_t since;	  /* when it began to wait there */
	uint32_t granted; /* when its window was last looked at, in ms, */
	uint32_t used;	  /* and what was passed on since then */
	uint32_t id;
	uint32_t send;	 /* what the peer lets us send */
	uint32_t window; /* ours, as it is now */
	uint32_t recv;	 /* what the peer may still send */
	uint32_t held;	 /* what the owner has got and not passed on */
	bool opening;	 /* our SYN waits for its ACK */
	bool fin_in, fin_out;
	bool dead; /* only its MUX_RST is still to be given */
};
_Static_assert(sizeof(struct mux_stream) <= 64, "idle streams are many");

struct mux {
	struct mux_limits lim;
	struct map streams;
	struct mux_stream *last; /* the one looked up last */
	uint32_t next_id;
	uint32_t unacked; /* how many are in opening */
	struct list opening, closing, gone;
	uint64_t grown; /* all windows beyond MUX_WINDOW each */
	uint32_t flow;	/* the stream that payload came for last */
	uint64_t turns[2]; /* when it became another, and when before that */

	struct buf out;
	uint64_t put;		   /* bytes ever put into out */
	uint64_t mark;		   /* answers[1] were put behind this, … */
	uint32_t answers[2];	   /* … answers[0] before it */
	size_t reserved;	   /* by mux_reserve */
	struct mux_stream *filled; /* whose room it is */

	const uint8_t *in; /* borrowed */
	size_t in_len;
	bool fresh; /* bytes came and no clock was seen yet */
	uint8_t head[MUX_HEAD];
	size_t head_len;
	bool spoke;		/* the peer has said one whole header */
	struct mux_frame frame; /* the one being read: … */
	uint32_t left;		/* … its payload still to come … */
	unsigned due;		/* … and events, as 1 << type */

	bool away, peer_away;
	bool started;  /* the first ping is out */
	bool pinging;  /* an answer is still to come, … */
	bool demanded; /* … and the session ends without it */
	uint32_t ping_value;
	uint64_t ping_at, heard, rtt, best_rtt, pong_rtt;
	uint64_t grace; /* nothing is too late before */

	int err;
	char why[128];
};

/* mux.c */
void mux_put(struct mux *m, enum mux_frame_type type, uint16_t flags,
    uint32_t id, uint32_t len);
/* The same for what the peer alone can make us say, without our asking. */
void mux_answer(struct mux *m, enum mux_frame_type type, uint16_t flags,
    uint32_t id, uint32_t len);
void mux_break(struct mux *m, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* mux_stream.c; find does not see dead ones */
struct mux_stream *mux_stream_find(struct mux *m, uint32_t id);
struct mux_stream *mux_stream_add(struct mux *m, uint64_t now, uint32_t id);
void mux_stream_drop(struct mux *m, struct mux_stream *s);
void mux_stream_acked(struct mux *m, struct mux_stream *s, uint64_t now);

/* mux_window.c */
void mux_window_saw(struct mux *m, uint32_t id);
bool mux_window_opened(struct mux *m, struct mux_stream *s, uint32_t n);

/* mux_time.c */
void mux_time_init(struct mux *m, uint64_t now);
void mux_time_start(struct mux *m, uint64_t now);
bool mux_time_pong(struct mux *m, uint64_t now, uint32_t value);

#endif
