// SPDX-License-Identifier: MIT
#include "net/visitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth.h"
#include "core/mem.h"
#include "net/wrap.h"

#define VISITOR_MS	 10000 /* for the stream and the server's answer */
#define VISITOR_AGAIN_MS 10000 /* as frp: to listen again */

struct visitor_call {
	struct visitor *v;
	struct list at;
	struct list wants; /* in its client's, while it waits for a stream */
	struct uplink *uplink;
	struct stream *s;
	struct wire wire;
	struct buf early; /* what the target is told first */
	bool said; /* that with the request */
	struct timer late;
	struct deferred gone;
	visitor_cb *cb;
	void *arg;
	bool done;
};

static const struct visitor_type *const types[] = {
#define ROW(name) &visitor_type_##name,
	VISITOR_TYPES(ROW)
};

static void
free_call(struct deferred *d)
{
	struct visitor_call *c = list_item(d, struct visitor_call, gone);

	wire_release(&c->wire);
	buf_free(&c->early);
	free(c);
}

static void
finish(struct visitor_call *c, struct stream *s, bool ours, const char *error)
{
	if (c->done)
		return;
	c->done = true;
	list_del(&c->at);
	list_del(&c->wants);
	timer_stop(&c->late);
	uplink_cancel(c->uplink);
	c->uplink = NULL;
	if (!s)
		stream_close(c->s);
	loop_defer(c->v->client->l, &c->gone, free_call);
	if (c->cb)
		c->cb(c->arg, s, ours, error);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, NULL, false, "the server did not answer within 10 seconds");
}

/* The server has said yes: from here on it is payload. */
static void
begin(struct visitor_call *c, const struct msg_new_visitor_conn_resp *m,
    const uint8_t *rest, size_t n)
{
	const struct proxy_conf *conf = c->v->conf;
	struct wrap_how how = { conf->use_encryption, conf->use_compression,
		conf->secret_key, conf->name };
	struct stream *under = c->s, *s;

	stream_on(under, NULL, NULL);
	stream_unread(under, rest, n);
	s = wrap_new(c->v->client->l, under, &how);
	if (!c->said && buf_len(&c->early)) {
		stream_put(s, buf_peek(&c->early), buf_len(&c->early));
		stream_flush(s);
	}
	finish(c, s, m->ours == 1, NULL);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct visitor_call *c = arg;
	size_t left = n;
	struct msg m;
	int r;

	if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		finish(c, NULL, false, "the server ended the stream");
		return;
	}
	if (ev != STREAM_DATA || n == 0)
		return;
	r = wire_take(&c->wire, &p, &left, &m);
	stream_consumed(s, n - left);
	if (r < 0)
		finish(c, NULL, false, "the server's answer makes no sense");
	if (r <= 0)
		return;
	if (m.type != MSG_NEW_VISITOR_CONN_RESP)
		finish(c, NULL, false, "the server answered something else");
	else if (m.u.new_visitor_conn_resp.error &&
	    *m.u.new_visitor_conn_resp.error)
		finish(c, NULL, false, m.u.new_visitor_conn_resp.error);
	else
		begin(c, &m.u.new_visitor_conn_resp, p, left);
	msg_release(&m);
}

static void
introduce(struct visitor_call *c)
{
	const struct proxy_conf *conf = c->v->conf;
	struct msg m = { .type = MSG_NEW_VISITOR_CONN };
	char key[AUTH_KEY_LEN + 1], ours[AUTH_KEY_LEN + 1];
	struct buf out = { 0 };

	m.u.new_visitor_conn = (struct msg_new_visitor_conn){
		.run_id = c->v->client->run_id,
		.name = c->v->target,
		.sign_key = key,
		.timestamp = loop_date(),
		.use_encryption = conf->use_encryption,
		.use_compression = conf->use_compression,
		.ours = 1,
	};
	auth_key(key, conf->secret_key ? conf->secret_key : "",
	    m.u.new_visitor_conn.timestamp);
	if (!c->v->client->link) {
		client_key(c->v->client, m.u.new_visitor_conn.timestamp, ours);
		m.u.new_visitor_conn.key = ours;
	}
	wire_put(&out, &m);
	c->said = buf_len(&c->early) && c->v->client->link &&
	    c->v->client->early && !conf->use_encryption &&
	    !conf->use_compression;
	if (c->said)
		buf_put(&out, buf_peek(&c->early), buf_len(&c->early));
	stream_on(c->s, on_stream, c);
	stream_want(c->s, true);
	stream_put(c->s, buf_peek(&out), buf_len(&out));
	stream_flush(c->s);
	buf_free(&out);
}

static void
on_uplink(void *arg, struct stream *s, const char *error)
{
	struct visitor_call *c = arg;

	c->uplink = NULL;
	if (!s) {
		finish(c, NULL, false, error);
		return;
	}
	c->s = s;
	introduce(c);
}

static void
on_offline(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, NULL, false, "there is no connection to the server");
}

bool
visitors_open(struct client *k)
{
	struct visitor_call *c;

	if (list_empty(&k->callers))
		return false;
	c = list_item(k->callers.next, struct visitor_call, wants);
	if (k->link)
		c->s = link_open(k->link);
	else
		c->uplink = uplink_one_more(k, on_uplink, c);
	if (!c->s && !c->uplink)
		return false;
	list_del(&c->wants);
	if (c->s)
		introduce(c);
	return true;
}

struct visitor_call *
visitor_call_saying(struct visitor *v, const void *p, size_t n,
    visitor_cb *cb, void *arg)
{
	struct visitor_call *c = mem_new(struct visitor_call);
	struct client *k = v->client;

	c->v = v;
	c->cb = cb;
	c->arg = arg;
	if (n)
		buf_put(&c->early, p, n);
	list_add(&v->calls, &c->at);
	list_init(&c->wants);
	if (!k->control) {
		timer_start(&c->late, k->l, 0, on_offline, c);
		return c;
	}
	timer_start(&c->late, k->l, VISITOR_MS, on_late, c);
	list_add(&k->callers, &c->wants);
	visitors_open(k);
	return c;
}

struct visitor_call *
visitor_call(struct visitor *v, visitor_cb *cb, void *arg)
{
	return visitor_call_saying(v, NULL, 0, cb, arg);
}

void
visitor_cancel(struct visitor_call *c)
{
	if (!c)
		return;
	c->cb = NULL;
	finish(c, NULL, false, NULL);
}

static const struct visitor_type *
type_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i]->conf->name, name) == 0)
			return types[i];
	return NULL;
}

void
visitors_make(struct client *c)
{
	size_t i;

	for (i = 0; i < c->conf->visitors.n; i++) {
		struct visitor *v = mem_new(struct visitor);

		v->client = c;
		v->conf = &c->conf->visitors.v[i];
		v->type = type_of(v->conf->type);
		v->target = config_visitor_target(c->conf, v->conf);
		list_init(&v->calls);
		list_add(&c->visitors, &v->at);
	}
}

static void start(struct visitor *v);

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	start(arg);
}

static void
start(struct visitor *v)
{
	struct client *c = v->client;
	struct buf why = { 0 };

	log_info(c->log, "[%s] try to start visitor [%s]", c->tag,
	    v->conf->name);
	v->up = v->type->start(v, &why) == 0;
	if (v->up) {
		log_info(c->log, "[%s] [%s] start visitor success", c->tag,
		    v->conf->name);
	} else {
		log_warn(c->log, "[%s] [%s] start error: %s", c->tag,
		    v->conf->name, buf_text(&why));
		timer_start(&v->again, c->l, VISITOR_AGAIN_MS, on_again, v);
	}
	buf_free(&why);
}

void
visitors_start(struct client *c)
{
	struct list *at;

	list_each(at, &c->visitors) {
		struct visitor *v = list_item(at, struct visitor, at);

		if (!v->up && !timer_active(&v->again))
			start(v);
	}
}

static void
free_visitor(struct deferred *d)
{
	struct visitor *v = list_item(d, struct visitor, gone);

	free(v->target);
	free(v);
}

void
visitors_free(struct client *c)
{
	while (!list_empty(&c->visitors)) {
		struct visitor *v =
		    list_item(c->visitors.next, struct visitor, at);

		timer_stop(&v->again);
		v->type->stop(v);
		while (!list_empty(&v->calls))
			visitor_cancel(list_item(v->calls.next,
			    struct visitor_call, at));
		list_del(&v->at);
		loop_defer(c->l, &v->gone, free_visitor);
	}
}
