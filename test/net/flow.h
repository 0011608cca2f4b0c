/* Bytes from one socket to another, of which each is known by its place. */
#ifndef TEST_NET_FLOW_H
#define TEST_NET_FLOW_H

#include "core/bytes.h"
#include "test/net/net.h"

struct flow {
	int from, to;
	size_t total, sent, got;
	bool fin, end, wrong, stalled;
	uint8_t seed;
};

/* The same numbers for the same start. */
static inline uint32_t
flow_roll(uint32_t *dice, uint32_t n)
{
	*dice = *dice * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*dice * n >> 32);
}

static inline uint8_t
flow_byte(const struct flow *f, size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16) + f->seed);
}

/* Up to n bytes of what is left, built in piece; the end after the last. */
static inline void
flow_send(struct flow *f, uint8_t *piece, size_t n)
{
	ssize_t r;
	size_t i;

	n = min_size(n, f->total - f->sent);
	for (i = 0; i < n; i++)
		piece[i] = flow_byte(f, f->sent + i);
	r = send(f->from, piece, n, MSG_NOSIGNAL);
	if (r > 0)
		f->sent += (size_t)r;
	if (f->sent == f->total) {
		f->fin = true;
		shutdown(f->from, SHUT_WR);
	}
}

/* Up to n bytes of what has come; an end that is no orderly one is wrong. */
static inline void
flow_take(struct flow *f, uint8_t *piece, size_t n)
{
	ssize_t r = recv(f->to, piece, n, 0), i;

	for (i = 0; i < r; i++)
		if (piece[i] != flow_byte(f, f->got + (size_t)i))
			f->wrong = true;
	if (r > 0)
		f->got += (size_t)r;
	f->end = r == 0 || (r < 0 && errno != EAGAIN);
	f->wrong = f->wrong || (f->end && r < 0);
}

#endif
