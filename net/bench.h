/* Measures a tunnel from both of its ends: a service on loopback that echoes,
 * sends and takes, and a user of it that counts. */
#ifndef NET_BENCH_H
#define NET_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "core/log.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/token_file.h"

uint64_t bench_us(void); /* a clock that never runs back */

/* The service, on a port of 127.0.0.1 that the kernel picks. */
struct bench_service;
struct bench_service *bench_service_new(struct loop *l); /* NULL: errno */
int bench_service_port(const struct bench_service *s);
void bench_service_free(struct bench_service *s); /* NULL is fine */

struct bench_result {
	double down, up; /* bytes a second */
	double p50, p99; /* us there and back */
	double rate;	 /* connections a second */
	uint64_t pings, conns;
};

struct bench_told { /* of the user */
	/* a step begins; its name is static */
	void (*step)(void *arg, const char *name, unsigned i, unsigned of);
	/* the end: result, or NULL and why; the user may be freed here */
	void (*done)(void *arg, const struct bench_result *r,
	    const char *why);
	void *arg;
};

/* Measures through host and port, so many ms for each step.  All but the
 * loop, the resolver and told is copied. */
struct bench_user;
struct bench_user *bench_user_new(struct loop *l, struct resolver *r,
    const char *host, int port, uint64_t ms, const struct bench_told *told);
void bench_user_free(struct bench_user *u); /* NULL is fine */

struct bench_how {
	struct client_conf *conf; /* with one proxy; NULL: only measure */
	struct token_file *tokens; /* the same */
	const char *host;	  /* of the server, for users */
	int port;		  /* without conf */
	uint64_t ms;
	bool serve;		  /* only offer the service */
};

struct bench_hooks { /* arg last, as ever */
	void (*ready)(void *arg, const char *host, int port); /* serving */
	void (*step)(void *arg, const char *name, unsigned i, unsigned of);
	void (*result)(void *arg, const struct bench_result *r);
	void *arg;
};

/* Until all is measured, or a signal.  0, or 1 and why. */
int bench_run(const struct bench_how *how, const struct log *log,
    const struct bench_hooks *hooks, struct buf *why);

#endif
