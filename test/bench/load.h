#ifndef TEST_BENCH_LOAD_H
#define TEST_BENCH_LOAD_H

/* What the modes of the load program have in common.  Everything is on
 * loopback: an address is a port. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum {
	READ_SIZE = 256 * 1024,
	WRITE_SIZE = 128 * 1024,
	START_MS = 15000,	/* until all that is dialled must be there */
	MAX_PIDS = 16,
};

/* The first byte on a connection to `load serve` says what it wants. */
enum ask {
	ASK_ECHO = 'e',		/* everything back */
	ASK_SINK = 'u',		/* take all */
	ASK_SOURCE = 'd',	/* send without end */
	ASK_BOTH = 'b',		/* both at once */
	ASK_COUNT = 'c',	/* each such byte: what was sunk until now */
};

/* The answer to ASK_COUNT, in the machine's own order. */
struct count {
	uint64_t bytes, ns;
};

struct pids {
	int n, pid[MAX_PIDS];
};

struct options {
	long listen, to, service;
	long streams, flight, count, size, slow;
	long warm, window, delay, bytes;
	bool beside;
	const char *way;
	struct pids server, client;
};

/* One descriptor and who is told about it. */
struct watch {
	int fd;
	void (*ready)(struct watch *w, uint32_t events);
};

int poller_new(void);
void watch_add(int poller, struct watch *w, uint32_t events);
void watch_set(int poller, struct watch *w, uint32_t events);
/* Until the time, in ns, or until *enough is true; enough may be NULL. */
void poller_run(int poller, uint64_t until, const bool *enough);

uint64_t now_ns(void);
_Noreturn void die(const char *what);	/* says errno, too */
_Noreturn void fail(const char *why);
void *must_calloc(size_t n, size_t size);

int tcp_listen(long port);
int tcp_dial(long port);		/* non-blocking, on its way */
int tcp_dial_wait(long port);		/* blocking, with a deadline */
void tcp_came_up(int fd);		/* dies when the dial has failed */
int udp_socket(long port, bool listens);

/* The CPU time of some processes, all threads, in ns. */
uint64_t cpu_ns(const struct pids *p);

/* A window of time, and what two programs did in it. */
struct span {
	uint64_t ns, server_ns, client_ns;
};
void span_begin(struct span *s, const struct options *o);
void span_end(struct span *s, const struct options *o);

int mode_serve(const struct options *o);
int mode_echo(const struct options *o);
int mode_sink(const struct options *o);
int mode_source(const struct options *o);
int mode_bulk(const struct options *o);
int mode_ping(const struct options *o);
int mode_rate(const struct options *o);
int mode_udp(const struct options *o);
int mode_idle(const struct options *o);
int mode_delay(const struct options *o);

/* Bulk that runs until its process is ended. */
_Noreturn void bulk_endless(const struct options *o);

#endif
