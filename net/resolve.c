// SPDX-License-Identifier: MIT
#include "net/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"

/* A name server that does not answer holds a thread for long, so there are
 * several; questions beyond them wait in line. */
#define RESOLVE_THREADS 4

struct question {
	struct list at;
	uint64_t id;
	char *host;
	int port;
	resolve_cb *cb; /* the loop's side only */
	void *arg;
	struct addr v[RESOLVE_MAX];
	size_t n;
	char error[320];
};

struct resolver {
	struct loop *l;
	ev_async wake;
	pthread_t threads[RESOLVE_THREADS];
	unsigned nthreads, idle;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t more;
	struct list asked, answered;
	bool end;
	struct map open; /* the loop's side: number to question */
	uint64_t last;
};

static void
look_up(struct question *q)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL, *a;
	int r = getaddrinfo(q->host, NULL, &hints, &list);

	for (a = list; r == 0 && a && q->n < RESOLVE_MAX; a = a->ai_next) {
		if (a->ai_addrlen > sizeof(q->v[0].at))
			continue;
		memcpy(&q->v[q->n].at, a->ai_addr, a->ai_addrlen);
		q->v[q->n].len = a->ai_addrlen;
		addr_set_port(&q->v[q->n++], q->port);
	}
	if (list)
		freeaddrinfo(list);
	if (q->n == 0)
		snprintf(q->error, sizeof(q->error), "lookup %.200s: %s",
		    q->host,
		    r == 0 || r == EAI_NONAME ? "no such host" :
						gai_strerror(r));
}

static void *
work(void *arg)
{
	struct resolver *r = arg;
	struct question *q;

	pthread_mutex_lock(&r->lock);
	for (;;) {
		while (list_empty(&r->asked) && !r->end)
			pthread_cond_wait(&r->more, &r->lock);
		if (r->end)
			break;
		q = list_item(r->asked.next, struct question, at);
		list_del(&q->at);
		r->idle--;
		pthread_mutex_unlock(&r->lock);
		look_up(q);
		pthread_mutex_lock(&r->lock);
		r->idle++;
		list_add(&r->answered, &q->at);
		ev_async_send(r->l->ev, &r->wake);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static struct question *
take(struct resolver *r, struct list *from)
{
	struct question *q = NULL;

	pthread_mutex_lock(&r->lock);
	if (!list_empty(from)) {
		q = list_item(from->next, struct question, at);
		list_del(&q->at);
	}
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
			q->cb(q->arg, q->v, q->n, q->n ? NULL : q->error);
		}
		free(q->host);
		free(q);
	}
	loop_settle(l);
}

struct resolver *
resolver_new(struct loop *l)
{
	struct resolver *r = mem_new(struct resolver);

	r->l = l;
	list_init(&r->asked);
	list_init(&r->answered);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	ev_async_init(&r->wake, on_answer);
	r->wake.data = r;
	ev_async_start(l->ev, &r->wake);
	ev_unref(l->ev);
	return r;
}

void
resolver_free(struct resolver *r)
{
	struct question *q;
	unsigned i;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->end = true;
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
	for (i = 0; i < r->nthreads; i++)
		pthread_join(r->threads[i], NULL);
	ev_ref(r->l->ev);
	ev_async_stop(r->l->ev, &r->wake);
	while ((q = take(r, &r->asked)) || (q = take(r, &r->answered))) {
		free(q->host);
		free(q);
	}
	map_free(&r->open);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->more);
	free(r);
}

/* Threads are started when first needed, with signals left to the loop's. */
static void
add_thread(struct resolver *r)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&r->threads[r->nthreads], NULL, work, r) == 0) {
		r->nthreads++;
		r->idle++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

uint64_t
resolve(struct resolver *r, const char *host, int port, resolve_cb *cb,
    void *arg)
{
	struct question *q = mem_new(struct question);

	q->id = ++r->last;
	q->host = mem_dup(host);
	q->port = port;
	q->cb = cb;
	q->arg = arg;
	map_num_set(&r->open, q->id, q);
	ev_ref(r->l->ev); /* the loop stays alive for an open question */
	pthread_mutex_lock(&r->lock);
	list_add(&r->asked, &q->at);
	if (r->idle == 0 && r->nthreads < RESOLVE_THREADS)
		add_thread(r);
	if (r->nthreads == 0) { /* no thread to be had: say so */
		list_del(&q->at);
		snprintf(q->error, sizeof(q->error),
		    "lookup %.200s: cannot start a thread", q->host);
		list_add(&r->answered, &q->at);
		ev_async_send(r->l->ev, &r->wake);
	}
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	return q->id;
}

void
resolve_cancel(struct resolver *r, uint64_t id)
{
	if (id && map_num_del(&r->open, id))
		ev_unref(r->l->ev);
}
