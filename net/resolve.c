// SPDX-License-Identifier: MIT
#include "net/resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "net/lookup.h"

/* A name server that does not answer holds a thread for long, so there are
 * several who ask; questions beyond them wait in line.  One more is always
 * free to look up what this host knows by itself. */
#define RESOLVE_ASKING	4
#define RESOLVE_THREADS (RESOLVE_ASKING + 1)

struct question {
	struct list at;
	uint64_t id;
	char *host;
	resolve_cb *cb; /* the loop's side only */
	void *arg;
	bool fresh;   /* not yet looked up here */
	bool dropped; /* while a thread has it: nobody wants it any more */
	struct lookup q; /* its host is the one above */
};

struct worker {
	struct resolver *r;
	pthread_t thread;
	bool busy; /* it looks up, or asks */
};

struct resolver {
	struct loop *l;
	struct addr server; /* len 0: the system's; never changes */
	ev_async wake;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t more;
	unsigned holders; /* the loop's side and nthreads */
	struct worker workers[RESOLVE_THREADS];
	unsigned nthreads, asking;
	unsigned waiting; /* in fresh */
	struct list fresh; /* see its questions */
	struct list abroad, answered; /* for a name server; done */
	bool end;
	struct map open; /* the loop's side: number to question */
	uint64_t last;
};

static void
free_question(struct question *q)
{
	free(q->host);
	free(q);
}

/* By the loop's side and by each thread, with the lock held; the last one
 * frees it.  A thread that waits for a name server thus holds up nobody. */
static void
let_go(struct resolver *r)
{
	unsigned left = --r->holders;

	pthread_mutex_unlock(&r->lock);
	if (left)
		return;
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->more);
	free(r);
}

static struct question *
first(struct list *of)
{
	struct question *q = list_item(of->next, struct question, at);

	list_del(&q->at);
	return q;
}

static bool
may_ask(const struct resolver *r)
{
	return !list_empty(&r->abroad) && r->asking < RESOLVE_ASKING;
}

/* With the lock held, but not while it is looked up. */
static void
look_here(struct resolver *r)
{
	struct question *q = first(&r->fresh);
	bool found;

	q->fresh = false;
	r->waiting--;
	pthread_mutex_unlock(&r->lock);
	found = lookup_here(&q->q);
	pthread_mutex_lock(&r->lock);
	if (q->dropped || r->end)
		free_question(q);
	else
		list_add(found ? &r->answered : &r->abroad, &q->at);
	if (may_ask(r))
		pthread_cond_signal(&r->more);
}

static void
ask_there(struct resolver *r)
{
	struct question *q = first(&r->abroad);

	r->asking++;
	pthread_mutex_unlock(&r->lock);
	lookup_there(&q->q, r->server.len ? &r->server : NULL);
	pthread_mutex_lock(&r->lock);
	r->asking--;
	if (q->dropped || r->end)
		free_question(q);
	else
		list_add(&r->answered, &q->at);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct resolver *r = w->r;

	pthread_mutex_lock(&r->lock);
	for (;;) {
		while (list_empty(&r->fresh) && !may_ask(r) && !r->end)
			pthread_cond_wait(&r->more, &r->lock);
		if (r->end)
			break;
		w->busy = true;
		if (!list_empty(&r->fresh))
			look_here(r);
		else
			ask_there(r);
		w->busy = false;
		/* at the end there is nobody to tell, and no loop to wake */
		if (!r->end && !list_empty(&r->answered))
			ev_async_send(r->l->ev, &r->wake);
	}
	let_go(r);
	return NULL;
}

static struct question *
take(struct resolver *r, struct list *from)
{
	struct question *q = NULL;

	pthread_mutex_lock(&r->lock);
	if (!list_empty(from))
		q = first(from);
	pthread_mutex_unlock(&r->lock);
	return q;
}

static void
on_answer(struct ev_loop *ev, ev_async *w, int revents)
{
	struct resolver *r = w->data;
	struct loop *l = r->l;
	struct question *q;

	(void)ev;
	(void)revents;
	while ((q = take(r, &r->answered)) != NULL) {
		if (map_num_del(&r->open, q->id)) {
			ev_unref(l->ev); /* see resolve */
			q->cb(q->arg, q->q.v, q->q.n,
			    q->q.n ? NULL : q->q.error);
		}
		free_question(q);
	}
	loop_settle(l);
}

struct resolver *
resolver_new(struct loop *l, const struct addr *server)
{
	struct resolver *r = mem_new(struct resolver);

	r->l = l;
	if (server)
		r->server = *server;
	list_init(&r->fresh);
	list_init(&r->abroad);
	list_init(&r->answered);
	r->holders = 1;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	ev_async_init(&r->wake, on_answer);
	r->wake.data = r;
	ev_async_start(l->ev, &r->wake);
	ev_unref(l->ev);
	return r;
}

/* An idle thread ends at once, and is seen to its end: a process that is over
 * while one still ends looks as if that had lost memory.  One that is busy
 * may wait for a name server: it is left to itself. */
static void
end_threads(struct resolver *r)
{
	pthread_t ending[RESOLVE_THREADS];
	unsigned i, n = 0;

	pthread_mutex_lock(&r->lock);
	pthread_cond_broadcast(&r->more);
	for (i = 0; i < r->nthreads; i++)
		if (r->workers[i].busy)
			pthread_detach(r->workers[i].thread);
		else
			ending[n++] = r->workers[i].thread;
	pthread_mutex_unlock(&r->lock);
	for (i = 0; i < n; i++)
		pthread_join(ending[i], NULL);
}

void
resolver_free(struct resolver *r)
{
	struct question *q;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->end = true; /* no thread touches lists or loop any more */
	pthread_mutex_unlock(&r->lock);
	ev_ref(r->l->ev);
	ev_async_stop(r->l->ev, &r->wake);
	while ((q = take(r, &r->fresh)) || (q = take(r, &r->abroad)) ||
	    (q = take(r, &r->answered)))
		free_question(q);
	map_free(&r->open);
	end_threads(r);
	pthread_mutex_lock(&r->lock);
	let_go(r);
}

/* Threads are started when first needed, with signals left to the loop's. */
static void
add_thread(struct resolver *r)
{
	struct worker *w = &r->workers[r->nthreads];
	sigset_t all, old;

	w->r = r;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&w->thread, NULL, work, w) == 0) {
		r->holders++;
		r->nthreads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static unsigned
idle_threads(const struct resolver *r)
{
	unsigned i, n = 0;

	for (i = 0; i < r->nthreads; i++)
		n += !r->workers[i].busy;
	return n;
}

uint64_t
resolve(struct resolver *r, const char *host, int port, resolve_cb *cb,
    void *arg)
{
	struct question *q = mem_new(struct question);

	list_init(&q->at);
	q->fresh = true;
	q->id = ++r->last;
	q->host = mem_dup(host);
	q->q.host = q->host;
	q->q.port = port;
	q->cb = cb;
	q->arg = arg;
	map_num_set(&r->open, q->id, q);
	ev_ref(r->l->ev); /* the loop stays alive for an open question */
	pthread_mutex_lock(&r->lock);
	list_add(&r->fresh, &q->at);
	/* an idle one may have been woken and not yet taken its own */
	if (++r->waiting > idle_threads(r) && r->nthreads < RESOLVE_THREADS)
		add_thread(r);
	if (r->nthreads == 0) { /* no thread to be had: say so */
		list_del(&q->at);
		q->fresh = false;
		r->waiting--;
		snprintf(q->q.error, sizeof(q->q.error),
		    "lookup %.200s: cannot start a thread", q->host);
		list_add(&r->answered, &q->at);
		ev_async_send(r->l->ev, &r->wake);
	}
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	return q->id;
}

/* One that a thread has is freed by it; the others hold up nobody's. */
void
resolve_cancel(struct resolver *r, uint64_t id)
{
	struct question *q = id ? map_num(&r->open, id) : NULL;

	if (!q)
		return;
	map_num_del(&r->open, id);
	ev_unref(r->l->ev);
	pthread_mutex_lock(&r->lock);
	q->dropped = list_empty(&q->at);
	if (!q->dropped) {
		r->waiting -= q->fresh;
		list_del(&q->at);
		free_question(q);
	}
	pthread_mutex_unlock(&r->lock);
}
