// SPDX-License-Identifier: MIT
#include "net/far_door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ip_text.h"
#include "core/mem.h"
#include "crypto/rand.h"
#include "net/door.h"
#include "net/offer.h"

static const struct pace pace_door = { .first_ms = 1000, .cap_ms = 60000 };

struct far_door {
	struct far_doors *of;
	size_t i; /* of the far side's remotes */
	struct door_name name;
	int port; /* it had before; 0: the one that is wanted */
	struct offer_call *call;
	struct link *link;
	struct timer again;
	unsigned tries; /* since it was there for long */
	uint64_t up_since;
};

struct far_doors {
	struct far *f;
	const struct far_names *names;
	struct visitor *visitor;
	struct far_door *v;
	size_t n;
};

int
far_door_family(const char *bind)
{
	static const uint8_t v4[4] = { 127, 0, 0, 1 }, v6[16] = { [15] = 1 };
	uint8_t ip[16];
	size_t n;

	if (!bind)
		return 0;
	n = ip_text_read(ip, bind, strlen(bind));
	if (n == 4 && memcmp(ip, v4, 4) == 0)
		return 4;
	return n == 16 && memcmp(ip, v6, 16) == 0 ? 6 : -1;
}

static void ask(struct far_door *d);

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	ask(arg);
}

/* May end in far_free, as all that is told. */
static void
lose(struct far_door *d, const char *why)
{
	struct far *f = d->of->f;

	timer_start(&d->again, f->l,
	    pace_wait(&pace_door, d->tries++, loop_dice()), on_again, d);
	far_remote(f, d->i, NULL, why);
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct far_door *d = arg;
	struct far *f = d->of->f;
	char text[FAR_TEXT];

	if (ev == LINK_OPEN)
		far_user(f, d->i, s);
	if (ev != LINK_DOWN)
		return;
	snprintf(text, sizeof(text), "port %d of '%s' is lost: %s", d->port,
	    d->of->names->worker, link_why(k));
	link_close(k, false);
	d->link = NULL;
	if (loop_now(f->l) - d->up_since >= FAR_STEADY_MS)
		d->tries = 0;
	lose(d, text);
}

static void
stand(struct far_door *d, struct stream *s, int port)
{
	struct far *f = d->of->f;
	const char *bind = f->conf->remotes[d->i].bind;
	char at[80];

	d->port = port;
	d->up_since = loop_now(f->l);
	d->link = link_new(f->l, s, MUX_CLIENT, &door_limits, on_link, d);
	snprintf(at, sizeof(at), d->name.family == 6 ? "[%s]:%d" : "%s:%d",
	    bind ? bind : "localhost", port);
	far_remote(f, d->i, at, NULL);
}

static void
refused(struct far_door *d, unsigned code, const char *error)
{
	const struct far_names *names = d->of->names;
	char text[FAR_TEXT];

	d->port = 0; /* who may pick another shall do so */
	if (code == SOCKS5_NO_COMMAND)
		snprintf(text, sizeof(text), "'%s' does not allow remote "
		    "ports: its culvert is too old, or it is no offer of one; "
		    "update it, and start its offer with --allow-remote",
		    names->worker);
	else
		far_words_worker(text, names, error);
	lose(d, text);
}

static void
on_asked(void *arg, struct stream *s, const char *error)
{
	struct far_door *d = arg;
	const struct far_remote *r = &d->of->f->conf->remotes[d->i];
	unsigned code = offer_code(d->call);
	int port = s ? offer_port(d->call) : 0;

	d->call = NULL;
	if (s && port && (!r->port || port == r->port)) {
		stand(d, s, port);
		return;
	}
	stream_close(s);
	refused(d, code, s ? "the worker opened another port" : error);
}

static void
ask(struct far_door *d)
{
	const struct far_remote *r = &d->of->f->conf->remotes[d->i];
	struct buf name = { 0 };
	struct offer_want want = { .port = d->port ? d->port : r->port,
		.listen = true };

	door_name_put(&name, &d->name);
	want.host = buf_text(&name);
	d->call = offer_call(d->of->visitor, &want, on_asked, d);
	buf_free(&name);
}

struct far_doors *
far_doors_new(struct far *f, const struct far_names *names)
{
	struct far_doors *x = mem_new(struct far_doors);
	const struct far_remote *r = f->conf->remotes;
	size_t i;

	x->f = f;
	x->names = names;
	x->v = mem_zero((f->conf->nremotes + 1) * sizeof(*x->v));
	for (i = 0; i < f->conf->nremotes; i++) {
		struct far_door *d = &x->v[x->n];

		if (r[i].public)
			continue;
		d->of = x;
		d->i = i;
		d->name.family = far_door_family(r[i].bind);
		rand_bytes(d->name.id, DOOR_ID);
		x->n++;
	}
	return x;
}

void
far_doors_start(struct far_doors *x, struct visitor *v)
{
	size_t i;

	x->visitor = v;
	for (i = 0; i < x->n; i++) {
		x->v[i].tries = 0;
		ask(&x->v[i]);
	}
}

void
far_doors_stop(struct far_doors *x)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		struct far_door *d = &x->v[i];

		timer_stop(&d->again);
		offer_cancel(d->call);
		d->call = NULL;
		link_close(d->link, true);
		d->link = NULL;
	}
}

void
far_doors_free(struct far_doors *x)
{
	if (!x)
		return;
	free(x->v);
	free(x);
}
