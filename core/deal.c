// SPDX-License-Identifier: MIT
#include "core/deal.h"

#include "core/bytes.h"

/* Who answers at all answers much sooner; who was slow and not deaf then gives
 * more than is wanted, so it is not asked again and again. */
#define PATIENCE     1000
#define PATIENCE_CAP 8000

void
deal_init(struct deal *d)
{
	*d = (struct deal){ .patience = PATIENCE };
	list_init(&d->turns[0]);
	list_init(&d->turns[1]);
}

void
deal_line_init(struct deal_line *line)
{
	list_init(&line->now.turn);
	list_init(&line->now.waits);
	list_init(&line->last.turn);
	list_init(&line->last.waits);
}

static void
join(struct deal *d, struct list *turns, struct deal_queue *q,
    struct deal_wait *w)
{
	if (list_empty(&q->waits))
		list_add(turns, &q->turn);
	list_add(&q->waits, &w->at);
	w->in = q;
	d->waiting++;
}

void
deal_add(struct deal *d, struct deal_line *line, struct deal_wait *w)
{
	join(d, &d->turns[0], &line->now, w);
}

void
deal_put_last(struct deal *d, struct deal_line *line, struct deal_wait *w)
{
	deal_drop(d, w);
	join(d, &d->turns[1], &line->last, w);
}

void
deal_drop(struct deal *d, struct deal_wait *w)
{
	if (!w->in)
		return;
	list_del(&w->at);
	if (list_empty(&w->in->waits))
		list_del(&w->in->turn);
	w->in = NULL;
	d->waiting--;
}

struct deal_wait *
deal_next(struct deal *d)
{
	struct list *turns = &d->turns[list_empty(&d->turns[0])];
	struct deal_queue *q;
	struct deal_wait *w;

	if (list_empty(turns))
		return NULL;
	q = list_item(turns->next, struct deal_queue, turn);
	w = list_item(q->waits.next, struct deal_wait, at);
	list_del(&q->turn);
	list_add(turns, &q->turn);
	deal_drop(d, w);
	return w;
}

size_t
deal_ask(struct deal *d, uint64_t now, size_t spare)
{
	size_t most = min_size(d->waiting + spare, DEAL_ASKED), n;

	if (d->asked >= most)
		return 0;
	if (d->asked == 0)
		d->silent = now;
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
}

uint64_t
deal_deadline(const struct deal *d)
{
	return d->waiting ? d->silent + d->patience : UINT64_MAX;
}

void
deal_tick(struct deal *d, uint64_t now)
{
	if (now < deal_deadline(d))
		return;
	d->asked = 0;
	d->silent = now;
	if (d->patience < PATIENCE_CAP)
		d->patience *= 2;
}
