// SPDX-License-Identifier: MIT
/* The client as a program: a loop and signals of its own. */
#include <signal.h>
#include <stdlib.h>

#include "net/client_internal.h"

struct run {
	struct client *client;
	struct loop *l;
	struct on_signal on_term, on_int, on_hup;
	struct timer farewell;
};

static void
on_farewell(struct timer *t, void *arg)
{
	struct run *r = arg;

	(void)t;
	loop_stop(r->l, 0);
}

static void
on_term(void *arg, int number)
{
	struct run *r = arg;

	if (r->client->over) {
		/* a terminal may say twice that it is gone */
		if (number != SIGHUP)
			loop_stop(r->l, 0);
		return;
	}
	log_info(r->client->log, "got signal %d, closing", number);
	client_goodbye(r->client);
	/* a moment for the goodbye to leave */
	timer_start(&r->farewell, r->l, 50, on_farewell, r);
}

/* Files have changed, or somebody knows that the network is back. */
static void
on_hup(void *arg, int number)
{
	struct run *r = arg;
	const struct client_hooks *h = r->client->hooks;

	(void)number;
	if (h && h->renew && !r->client->over)
		h->renew(h->arg, r->client);
	client_retry(r->client);
}

int
client_run(const struct client_conf *conf, const struct client_files *f,
    const struct client_range *range, const struct log *log,
    const struct client_hooks *h, struct buf *why)
{
	struct run r = { 0 };
	int status = 1;

	loop_descriptors();
	r.l = loop_new(log);
	r.client = client_new(r.l, conf, f, range, log, h, why);
	if (r.client) {
		r.client->alone = true;
		loop_signal(r.l, &r.on_term, SIGTERM, on_term, &r);
		loop_signal(r.l, &r.on_int, SIGINT, on_term, &r);
		loop_hangup(r.l, &r.on_hup, on_term, on_hup, &r);
		status = loop_run(r.l);
		buf_put(why, buf_peek(&r.client->why),
		    buf_len(&r.client->why));
	}
	relay_break_all(r.l);
	client_free(r.client);
	conn_end_all(r.l);
	loop_free(r.l);
	return status;
}
