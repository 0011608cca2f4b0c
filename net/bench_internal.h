/* What the files of the measuring end share: its connections, and the steps
 * that it takes one after the other. */
#ifndef NET_BENCH_INTERNAL_H
#define NET_BENCH_INTERNAL_H

#include "core/probe.h"
#include "net/bench.h"
#include "net/dial.h"

#define BENCH_SAMPLES (1u << 18)
#define BENCH_PIECE   (128 * 1024)
#define BENCH_STEPS   4

struct bench_call {
	struct bench_user *u;
	struct dial *dial;
	struct stream *s;
	struct list at;
	struct probe_line line;
	struct probe_reports reports;
	struct timer more;
	struct deferred gone;
	uint64_t sent_us;
	bool greeted;
};

struct bench_step {
	const char *name;
	enum probe_want want;
	int calls;
	void (*begin)(struct bench_call *c); /* greeted */
	/* <0: what came cannot be */
	int (*data)(struct bench_call *c, const uint8_t *p, size_t n);
	void (*sent)(struct bench_call *c);
	void (*end)(struct bench_user *u, double seconds);
};

struct bench_user {
	struct loop *l;
	struct resolver *resolver;
	const struct bench_told *told;
	char *host;
	int port;
	uint64_t ms;
	struct list calls;
	unsigned step;
	struct timer start, warm, end, late;
	struct deferred gone;
	uint64_t count, mark_us; /* of the step, from its mark on */
	struct probe_report mark, last;
	uint8_t *zeros;	  /* BENCH_PIECE */
	uint32_t *samples; /* BENCH_SAMPLES */
	struct bench_result result;
};

extern const struct bench_step bench_steps[BENCH_STEPS];

void bench_call(struct bench_user *u); /* one connection more */
void bench_hang_up(struct bench_call *c, bool gently);

#endif
