/* What the two ends of `culvert bench` say to each other on a stream.  The
 * measuring one opens with a line that says what it wants, the serving one
 * answers with PROBE_HELLO, and then bytes flow. */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#define PROBE_HELLO "culvert-bench 1\n"

enum probe_want {
	PROBE_ECHO,   /* each byte back */
	PROBE_SOURCE, /* bytes without end */
	PROBE_SINK,   /* none back, but reports of what came */
};
#define PROBE_WANTS 3

/* The line that asks for it: "culvert-bench 1 echo\n" */
const char *probe_ask(enum probe_want want);

/* A line that comes in pieces. */
struct probe_line {
	char text[32];
	size_t n;
};

/* Takes from *p, *n up to the line's end.  1: it is whole; 0: it needs more;
 * ERR_PROTO: it will be neither line. */
int probe_asked(struct probe_line *l, const uint8_t **p, size_t *n,
    enum probe_want *want);
int probe_greeted(struct probe_line *l, const uint8_t **p, size_t *n);

/* A report: so many bytes have come, so many microseconds after the first. */
#define PROBE_REPORT 16
struct probe_report {
	uint64_t bytes, us;
};
void probe_put_report(uint8_t to[static PROBE_REPORT],
    const struct probe_report *r);

struct probe_reports {
	uint8_t part[PROBE_REPORT];
	size_t n;
	struct probe_report last; /* bytes 0: none yet */
};
/* ERR_PROTO: a report that goes back in time or count. */
int probe_feed_reports(struct probe_reports *r, const uint8_t *p, size_t n);

/* Sorts v; what part of it, from 0 to 1, is at most. */
uint32_t probe_part(uint32_t *v, size_t n, double part);

#endif
