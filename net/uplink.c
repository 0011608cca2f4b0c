// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "net/client_internal.h"
#include "net/secure.h"

struct uplink {
	struct client *c;
	uplink_cb *cb;
	void *arg;
	struct dial *dial;
	struct stream *s;
	struct timer late;
	struct deferred gone;
	bool done;
};

static void
free_uplink(struct deferred *d)
{
	free(list_item(d, struct uplink, gone));
}

static void
finish(struct uplink *u, struct stream *s, const char *error)
{
	char text[400];

	if (u->done)
		return;
	u->done = true;
	timer_stop(&u->late);
	snprintf(text, sizeof(text), "%s", error ? error : "");
	if (s)
		stream_on(s, NULL, NULL);
	else
		stream_close(u->s);
	loop_defer(u->c->l, &u->gone, free_uplink);
	if (u->cb)
		u->cb(u->arg, s, s ? NULL : text);
}

static void
on_secure(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	char text[400];

	(void)p;
	(void)n;
	if (ev == STREAM_UP) {
		finish(arg, s, NULL);
	} else if (ev == STREAM_ERROR || ev == STREAM_EOF) {
		snprintf(text, sizeof(text), "TLS handshake failed: %s",
		    stream_why(s));
		finish(arg, NULL, text);
	}
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, NULL, "TLS handshake failed: i/o deadline reached (does "
			  "the server speak TLS on this port?)");
}

static void
on_dialled(void *arg, struct stream *s, const char *error)
{
	struct uplink *u = arg;
	const struct client_conf *conf = u->c->conf;
	const char *name = conf->tls.server_name && *conf->tls.server_name ?
	    conf->tls.server_name :
	    conf->server_addr;

	u->dial = NULL;
	if (!s || !u->c->tls) {
		finish(u, s, error);
		return;
	}
	if (!conf->tls_no_first_byte) {
		stream_put(s, "\x17", 1);
		stream_flush(s);
	}
	u->s = secure_new(u->c->l, s, u->c->tls, name);
	stream_on(u->s, on_secure, u);
	timer_start(&u->late, u->c->l, CLIENT_LOGIN_MS, on_late, u);
}

struct uplink *
uplink_new(struct client *c, uplink_cb *cb, void *arg)
{
	struct uplink *u = mem_new(struct uplink);
	struct dial_to to = {
		.host = c->conf->server_addr,
		.port = (int)c->conf->server_port,
		.local = c->conf->local_addr,
		.ms = (uint64_t)c->conf->dial_timeout * 1000,
		.keep = { .idle = (int)c->conf->dial_keepalive, .step = 5,
		    .tries = 2,
		    .user_timeout_ms = c->conf->tcp_mux ? 25000 : 0 },
		.loopback_for_any = true,
	};

	u->c = c;
	u->cb = cb;
	u->arg = arg;
	u->dial = dial_new(c->l, c->resolver, &to, on_dialled, u);
	return u;
}

void
uplink_cancel(struct uplink *u)
{
	if (!u)
		return;
	u->cb = NULL;
	dial_cancel(u->dial);
	u->dial = NULL;
	finish(u, NULL, NULL);
}
