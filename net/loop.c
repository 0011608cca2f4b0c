// SPDX-License-Identifier: MIT
#include "net/loop.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "crypto/rand.h"
#include "net/pipes.h"

static void
run_deferred(struct loop *l)
{
	while (l->deferred) {
		struct deferred *d = l->deferred;

		l->deferred = d->next;
		d->run(d);
	}
}

static void
run_errands(struct loop *l, struct list *of)
{
	while (!list_empty(of)) {
		struct errand *e = list_item(of->next, struct errand, at);

		list_del(&e->at);
		if (of != &l->settle)
			loop_may_tell(l);
		e->run(e);
	}
}

/* What one is told may make something to tell to another; but those who are on
 * their way for long have no more of a turn than this. */
#define ROUNDS 8

static void
run_behind(struct loop *l)
{
	uint64_t now = loop_us();
	struct list round;

	if (list_empty(&l->behind) || (l->busy && now < l->rest))
		return;
	list_init(&round);
	list_move(&round, &l->behind);
	run_errands(l, &round);
	loop_settle(l);
	l->rest = loop_us();
	l->rest += 2 * (l->rest - now);
}

static void
begin_turn(struct loop *l)
{
	struct list now;
	int i;

	loop_settle(l);
	for (i = 0; i < ROUNDS && !list_empty(&l->later); i++) {
		list_init(&now);
		list_move(&now, &l->later);
		run_errands(l, &now);
		loop_settle(l);
	}
	run_behind(l);
	l->busy = false;
	run_deferred(l);
	keeps_look(&l->keeps, l->ev, l->log);
	if (!l->awake)
		return;
	if (!list_empty(&l->later) || !list_empty(&l->behind)) {
		ev_timer_start(l->ev, &l->again);
		return;
	}
	l->awake = false;
	ev_unref(l->ev);
}

/* Runs before the loop sleeps: nothing of the last turn is on the stack. */
static void
on_prepare(struct ev_loop *ev, ev_prepare *w, int revents)
{
	(void)ev;
	(void)revents;
	begin_turn(w->data);
}

static void
on_again(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev;
	(void)w;
	(void)revents;
}

/* Without one malloc never fails. */
static bool
memory_is_limited(void)
{
	static const int kinds[] = { RLIMIT_AS, RLIMIT_DATA };
	int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
	char strict = '0';
	struct rlimit r;
	size_t i;

	if (fd >= 0) {
		if (read(fd, &strict, 1) != 1)
			strict = '0';
		close(fd);
	}
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (getrlimit(kinds[i], &r) == 0 && r.rlim_cur != RLIM_INFINITY)
			return true;
	return strict == '2';
}

struct loop *
loop_new(const struct log *log)
{
	struct loop *l = mem_new(struct loop);

	signal(SIGPIPE, SIG_IGN);
	l->log = log;
	l->limited = memory_is_limited();
	l->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL | EVBACKEND_POLL);
	if (!l->ev)
		abort();
	l->scratch = mem_grow(NULL, LOOP_BLOCK);
	list_init(&l->settle);
	list_init(&l->later);
	list_init(&l->behind);
	list_init(&l->owing);
	list_init(&l->flushing);
	list_init(&l->held);
	errand_init(&l->tell, NULL);
	errand_init(&l->flush, NULL);
	ev_timer_init(&l->again, on_again, 0, 0);
	keeps_init(&l->keeps);
	list_init(&l->relays);
	list_init(&l->lasts);
	list_init(&l->signals);
#ifdef LOOP_FAULTS
	if (getenv("CULVERT_FAULTS"))
		l->fault_at = (unsigned)atoi(getenv("CULVERT_FAULTS"));
	l->writes = (unsigned)getpid(); /* each process begins elsewhere */
#endif
	ev_prepare_init(&l->prepare, on_prepare);
	l->prepare.data = l;
	ev_prepare_start(l->ev, &l->prepare);
	ev_unref(l->ev);
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	run_deferred(l);
	while (!list_empty(&l->signals))
		loop_signal_stop(l, list_item(l->signals.next,
		    struct on_signal, at));
	ev_timer_stop(l->ev, &l->again);
	keeps_end(&l->keeps, l->ev);
	ev_ref(l->ev);
	ev_prepare_stop(l->ev, &l->prepare);
	ev_loop_destroy(l->ev);
	while (l->nblocks)
		free(l->blocks[--l->nblocks]);
	while (l->gathers) {
		struct loop_gather *g = l->gathers;

		l->gathers = g->next;
		free(g);
	}
	pipes_free(l);
	free(l->scratch);
	free(l);
}

int
loop_run(struct loop *l)
{
	ev_run(l->ev, 0);
	begin_turn(l);
	return l->status;
}

void
loop_stop(struct loop *l, int status)
{
	l->status = status;
	ev_break(l->ev, EVBREAK_ALL);
}

uint64_t
loop_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t
loop_now(const struct loop *l)
{
	(void)l;
	return loop_us() / 1000;
}

/* Who says a few bytes now and then costs the others nothing by that. */
#define SPEAKS_MS 50

size_t
loop_turn(const struct loop *l)
{
	return loop_now(l) - l->spoke < SPEAKS_MS ? LOOP_SHARE : LOOP_BLOCK;
}

void
loop_spoke(struct loop *l)
{
	l->spoke = loop_now(l);
}

int64_t
loop_date(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

uint32_t
loop_dice(void)
{
	uint32_t dice;

	rand_bytes(&dice, sizeof(dice));
	return dice;
}

size_t
loop_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1024;
	if (r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r) < 0)
			(void)getrlimit(RLIMIT_NOFILE, &r);
	}
	return r.rlim_cur;
}

/* What a peer's bytes may make us keep before it is looked again. */
#define SPARE	   (4 * 1024 * 1024)
#define SPARE_EACH (SPARE / 16)

bool
loop_spare(struct loop *l)
{
	if (!l->limited || l->taken < SPARE_EACH)
		return true;
	if (mem_spare(SPARE)) {
		l->taken = 0;
		l->hopeless = false;
		return true;
	}
	if (l->heavy && !l->hopeless)
		loop_later(l, l->heavy);
	return false;
}

void
loop_defer(struct loop *l, struct deferred *d, void (*run)(struct deferred *))
{
	d->run = run;
	d->next = l->deferred;
	l->deferred = d;
}

void
errand_init(struct errand *e, void (*run)(struct errand *))
{
	list_init(&e->at);
	e->run = run;
}

void
errand_drop(struct errand *e)
{
	list_del(&e->at);
}

void
loop_settle_later(struct loop *l, struct errand *e)
{
	if (list_empty(&e->at))
		list_add(&l->settle, &e->at);
}

static void
put_off(struct loop *l, struct list *to, struct errand *e)
{
	if (!l->awake)
		ev_ref(l->ev); /* there is a next turn */
	l->awake = true;
	if (list_empty(&e->at))
		list_add(to, &e->at);
}

void
loop_later(struct loop *l, struct errand *e)
{
	put_off(l, &l->later, e);
}

void
loop_behind(struct loop *l, struct errand *e)
{
	put_off(l, &l->behind, e);
}

void
loop_settle(struct loop *l)
{
	if (l->settling)
		return;
	l->settling = true;
	loop_enter(l);
	run_errands(l, &l->settle);
	loop_leave(l);
	l->settling = false;
}

void
loop_lend(struct loop *l, struct buf *b)
{
	if (b->data)
		return;
	b->data = l->nblocks ? l->blocks[--l->nblocks] :
			       mem_grow(NULL, LOOP_BLOCK + LOOP_HEADS);
	b->cap = LOOP_BLOCK + LOOP_HEADS;
	b->off = b->len = 0;
}

void
loop_take_back(struct loop *l, struct buf *b)
{
	assert(buf_len(b) == 0);
	if (b->cap == LOOP_BLOCK + LOOP_HEADS &&
	    l->nblocks < sizeof(l->blocks) / sizeof(l->blocks[0])) {
		l->blocks[l->nblocks++] = b->data;
		*b = (struct buf){ 0 };
	} else {
		buf_free(b);
	}
}

struct loop_gather *
loop_gather(struct loop *l)
{
	struct loop_gather *g = l->gathers;

	if (!g)
		return mem_new(struct loop_gather);
	l->gathers = g->next;
	g->n = 0;
	return g;
}

void
loop_gather_back(struct loop *l, struct loop_gather *g)
{
	if (!g)
		return;
	if (l->gathers && l->gathers->next) {
		free(g);
		return;
	}
	g->next = l->gathers;
	l->gathers = g;
}
