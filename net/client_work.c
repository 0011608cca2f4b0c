// SPDX-License-Identifier: MIT
/* Work streams at the client: opened when the server asks, idle until it says
 * what for, then joined with the service. */
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "net/client_internal.h"
#include "net/hold.h"
#include "net/plugin.h"
#include "net/wrap.h"

/* What a server may ask for and not yet get: it asks for one for each user
 * who waits there, and the mux opens a few hundred at a time. */
#define WORK_WANTED 65536
/* Opened and not yet told what for, beyond the pool.  Each user's is started
 * as soon as it has come. */
#define WORK_IDLE 1024
#define WORK_TOLD 20 /* lines a minute about those that led nowhere */

/* From the request to the relay. */
struct client_job {
	struct client *c;
	struct list at;
	struct uplink *uplink;
	struct stream *work;
	struct wire wire;
	struct client_proxy *proxy; /* once started */
	struct dial *dial;
	struct hold hold; /* of work, once started */
	const char *from; /* while it is started */
	bool idle, over;
	struct deferred gone;
};

static void
free_job(struct deferred *d)
{
	struct client_job *j = list_item(d, struct client_job, gone);

	wire_release(&j->wire);
	hold_release(&j->hold);
	free(j);
}

static void
idle_no_more(struct client_job *j)
{
	if (!j->idle)
		return;
	j->idle = false;
	j->c->idle--;
	client_room(j->c);
}

/* Whether to say a line; all look like the first. */
static bool
may_tell(struct client *c)
{
	return pace_count(&c->told, loop_now(c->l), 60000) <= WORK_TOLD;
}

static void
leave(struct client_job *j)
{
	if (j->over)
		return;
	j->over = true;
	idle_no_more(j);
	list_del(&j->at);
	uplink_cancel(j->uplink);
	dial_cancel(j->dial);
	j->uplink = NULL;
	j->dial = NULL;
	loop_defer(j->c->l, &j->gone, free_job);
}

static void
drop(struct client_job *j, bool gentle)
{
	struct stream *work = j->work;

	leave(j);
	hold_release(&j->hold);
	if (gentle)
		stream_linger(work);
	else
		stream_close(work);
}

static void
on_dialled(void *arg, struct stream *service, const char *error)
{
	struct client_job *j = arg;

	j->dial = NULL;
	if (service) {
		leave(j);
		hold_join(&j->hold, j->c->l, service);
		return;
	}
	if (may_tell(j->c))
		log_error(j->c->log,
		    "[%s] [%s] connect to local service [%s:%d] error: %s",
		    j->c->tag, j->proxy->name, j->proxy->conf->local_ip,
		    (int)j->proxy->conf->local_port, error);
	drop(j, true);
}

static void
on_broken(void *arg)
{
	struct client_job *j = arg;

	if (j->hold.full)
		log_warn(j->c->log, "[%s] [%s] a connection is dropped: the "
		    "server has sent %zu MiB for services that are not "
		    "connected yet", j->c->tag, j->proxy->name,
		    j->c->held.most >> 20);
	drop(j, false);
}

void
client_serve(struct client_job *j)
{
	const struct client_proxy *p = j->proxy;
	struct dial_to to = {
		.host = p->conf->local_ip,
		.port = (int)p->conf->local_port,
		.ms = 10000,
		.keep = { .idle = 60, .step = 15, .tries = 4,
		    .far_only = true },
	};

	if (p->conf->plugin.type) {
		plugin_type_of(p->conf->plugin.type)->work(j);
		return;
	}
	j->dial = dial_new(j->c->l, j->c->resolver, &to, on_dialled, j);
}

struct client_proxy *
client_job_proxy(const struct client_job *j)
{
	return j->proxy;
}

const char *
client_job_from(const struct client_job *j)
{
	return j->from ? j->from : "";
}

void
client_job_take(struct client_job *j, struct hold *h,
    void (*broken)(void *arg), void *arg)
{
	hold_start(h, j->work, broken, arg);
	hold_inherit(h, &j->hold);
	leave(j);
}

/* From here on the stream carries payload, through the proxy's filters; n
 * bytes of it have come already. */
static void
take_up(struct client_job *j, const uint8_t *rest, size_t n)
{
	struct wrap_how how = { j->proxy->conf->use_encryption,
		j->proxy->conf->use_compression, j->c->token->text,
		j->proxy->name };

	stream_unread(j->work, rest, n);
	j->work = wrap_new(j->c->l, j->work, &how);
	j->hold.budget = &j->c->held;
	hold_start(&j->hold, j->work, on_broken, j);
}

static void
on_start(struct client_job *j, const struct msg *m, const uint8_t *rest, size_t n)
{
	const struct msg_start_work_conn *start = &m->u.start_work_conn;

	if (m->type != MSG_START_WORK_CONN) {
		drop(j, false);
		return;
	}
	if (start->error && *start->error) {
		if (may_tell(j->c))
			log_error(j->c->log, "[%s] StartWorkConn contains "
			    "error: %s", j->c->tag, start->error);
		drop(j, true);
		return;
	}
	j->proxy = client_proxy_of(j->c, start->name);
	/* without a mux this may overtake the answer to NewProxy */
	if (!j->proxy || (j->proxy->state != PROXY_UP &&
	    j->proxy->state != PROXY_WAIT)) {
		drop(j, false);
		return;
	}
	idle_no_more(j);
	take_up(j, rest, n);
	j->from = start->src_addr;
	j->proxy->type->work(j, start);
}

static void
on_idle(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct client_job *j = arg;
	size_t left = n;
	struct msg m;
	int r;

	if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		drop(j, ev == STREAM_EOF);
		return;
	}
	if (ev != STREAM_DATA || n == 0)
		return;
	r = wire_take(&j->wire, &p, &left, &m);
	stream_consumed(s, n - left);
	if (r < 0)
		drop(j, false);
	if (r <= 0)
		return;
	on_start(j, &m, p, left);
	msg_release(&m);
}

static void
introduce(struct client_job *j)
{
	struct msg m = { .type = MSG_NEW_WORK_CONN };
	char key[AUTH_KEY_LEN + 1];
	struct buf out = { 0 };

	/* whatever auth.additionalScopes says, as the Login has announced */
	m.u.new_work_conn.run_id = j->c->run_id;
	m.u.new_work_conn.timestamp = loop_date();
	client_key(j->c, m.u.new_work_conn.timestamp, key);
	m.u.new_work_conn.privilege_key = key;
	wire_put(&out, &m);
	stream_on(j->work, on_idle, j);
	stream_want(j->work, true);
	stream_put(j->work, buf_peek(&out), buf_len(&out));
	stream_flush(j->work);
	buf_free(&out);
}

static void
on_uplink(void *arg, struct stream *s, const char *error)
{
	struct client_job *j = arg;

	j->uplink = NULL;
	if (!s) {
		if (may_tell(j->c))
			log_warn(j->c->log, "[%s] start new connection to "
			    "server error: %s", j->c->tag, error);
		leave(j);
		return;
	}
	j->work = s;
	introduce(j);
}

bool
client_work_open(struct client *c)
{
	struct client_job *j;
	struct stream *work = NULL;

	if (!c->wanted || c->idle >= WORK_IDLE + (size_t)c->conf->pool_count)
		return false;
	if (c->link && !(work = link_open(c->link)))
		return false;
	j = mem_new(struct client_job);
	j->c = c;
	j->work = work;
	if (!work && !(j->uplink = uplink_one_more(c, on_uplink, j))) {
		free(j);
		return false;
	}
	c->wanted--;
	c->idle++;
	j->idle = true;
	list_add(&c->jobs, &j->at);
	if (work)
		introduce(j);
	return true;
}

void
client_work(struct client *c)
{
	if (c->wanted < WORK_WANTED)
		c->wanted++;
	client_work_open(c);
}

void
client_work_end(struct client *c)
{
	c->wanted = 0;
	while (!list_empty(&c->jobs))
		drop(list_item(c->jobs.next, struct client_job, at), false);
}
