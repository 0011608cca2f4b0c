// SPDX-License-Identifier: MIT
#include "core/deal.h"

#include "core/bytes.h"

/* Who answers at all answers much sooner; who was slow and not deaf then gives
 * more than is wanted, so it is not asked again and again. */
#define PATIENCE     1000
#define PATIENCE_CAP 8000
#define GROW	     20 /* ms between two steps: a crowd is felt late */
#define LATE	     1 /* ms that are no delay */

void
deal_init(struct deal *d)
{
	*d = (struct deal){ .patience = PATIENCE, .window = DEAL_FEW,
		.best = PATIENCE_CAP };
	list_init(&d->now.queues);
	list_init(&d->last.queues);
}

static void
queue_init(struct deal_queue *q, struct deal_turns *of)
{
	q->of = of;
	list_init(&q->turn);
	list_init(&q->waits);
}

void
deal_line_init(struct deal_line *line, struct deal *d)
{
	queue_init(&line->now, &d->now);
	queue_init(&line->last, &d->last);
}

static void
join(struct deal_queue *q, struct deal_wait *w)
{
	deal_drop(w);
	if (list_empty(&q->waits))
		list_add(&q->of->queues, &q->turn);
	list_add(&q->waits, &w->at);
	w->in = q;
	q->of->waiting++;
}

void
deal_add(struct deal_line *line, struct deal_wait *w)
{
	join(&line->now, w);
}

void
deal_add_last(struct deal_line *line, struct deal_wait *w)
{
	join(&line->last, w);
}

void
deal_drop(struct deal_wait *w)
{
	struct deal_queue *q = w->in;

	if (!q)
		return;
	list_del(&w->at);
	if (list_empty(&q->waits))
		list_del(&q->turn);
	q->of->waiting--;
	w->in = NULL;
}

size_t
deal_waiting(const struct deal *d)
{
	return d->now.waiting + d->last.waiting;
}

struct deal_wait *
deal_next(struct deal *d)
{
	struct list *queues = d->now.waiting ? &d->now.queues :
					       &d->last.queues;
	struct deal_queue *q;
	struct deal_wait *w;

	if (list_empty(queues))
		return NULL;
	q = list_item(queues->next, struct deal_queue, turn);
	w = list_item(q->waits.next, struct deal_wait, at);
	list_del(&q->turn);
	list_add(queues, &q->turn);
	deal_drop(w);
	return w;
}

static void
grow(struct deal *d, uint64_t now)
{
	if (!d->short_of || now - d->grown < GROW)
		return;
	d->window = min_size(d->window * 2, DEAL_ASKED);
	d->grown = now;
	d->short_of = false;
}

/* What was awaited has come. */
static void
learn(struct deal *d, uint64_t now)
{
	uint32_t ms = (uint32_t)min_size(now - d->mark, PATIENCE_CAP);

	if (ms < d->best)
		d->best = ms;
	if (ms <= d->best + d->best / 4 + LATE)
		grow(d, now);
	else if (d->window > DEAL_FEW)
		d->window /= 2;
	else /* it is not for many that it is late: the way is longer now */
		d->best += (ms - d->best + 15) / 16;
}

static void
await(struct deal *d, uint64_t now)
{
	if (d->ahead)
		return;
	d->ahead = d->asked + 1;
	d->mark = now;
}

size_t
deal_ask(struct deal *d, uint64_t now, size_t spare)
{
	size_t most = d->now.waiting + min_size(d->last.waiting, DEAL_LAST);
	size_t n;

	d->short_of |= most > d->window;
	most = min_size(min_size(most, d->window) + spare, DEAL_ASKED);
	if (d->asked >= most)
		return 0;
	if (d->asked == 0)
		d->silent = now;
	await(d, now);
	n = most - d->asked;
	d->asked = most;
	return n;
}

void
deal_asked(struct deal *d)
{
	d->asked++;
}

void
deal_came(struct deal *d, uint64_t now)
{
	d->silent = now;
	d->patience = PATIENCE;
	if (d->asked)
		d->asked--;
	if (d->ahead && --d->ahead == 0)
		learn(d, now);
}

uint64_t
deal_deadline(const struct deal *d)
{
	return deal_waiting(d) ? d->silent + d->patience : UINT64_MAX;
}

void
deal_tick(struct deal *d, uint64_t now)
{
	if (now < deal_deadline(d))
		return;
	d->asked = d->ahead = 0;
	d->silent = now;
	if (d->patience < PATIENCE_CAP)
		d->patience *= 2;
}
