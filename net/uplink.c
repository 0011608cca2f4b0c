// SPDX-License-Identifier: MIT
/* The way to the server, one step after the other: a connection, the proxy's
 * handshake, and the layers above. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/http_head.h"
#include "core/mem.h"
#include "net/client_internal.h"
#include "net/secure.h"
#include "net/via.h"
#include "net/ws.h"

/* Handshakes under way at once, beside the control stream's: so many that a
 * long way is no matter, and so few that the server takes them all. */
#define UPLINKS 64

struct uplink {
	struct client *c;
	uplink_cb *cb;
	void *arg;
	struct dial *dial;
	struct via *via;
	struct stream *s; /* as far as it is made; NULL: dial or via has it */
	unsigned layer;	  /* that shakes hands */
	struct timer late;
	struct deferred gone;
	bool done, counted;
};

struct layer {
	const char *name;
	const char *failed; /* what goes before the reason */
	bool (*wanted)(const struct client *c);
	/* of u->s makes the layer over it; NULL: it cannot be */
	struct stream *(*lay)(struct uplink *u);
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
	if (u->counted) {
		u->c->uplinks--;
		client_room(u->c);
	}
	if (u->cb)
		u->cb(u->arg, s, s ? NULL : text);
}

static bool
is_wss(const struct client *c)
{
	return strcmp(c->conf->protocol, "wss") == 0;
}

static bool
is_websocket(const struct client *c)
{
	return strcmp(c->conf->protocol, "tcp") != 0;
}

static bool
has_inner_tls(const struct client *c)
{
	return c->tls && !is_wss(c);
}

/* Whose certificate is awaited. */
static const char *
tls_name(const struct client *c)
{
	const char *name = c->conf->tls.server_name;

	return name && *name ? name : c->conf->server_addr;
}

static struct stream *
lay_tls(struct uplink *u)
{
	return secure_new(u->c->l, u->s, u->c->tls, tls_name(u->c));
}

static struct stream *
lay_inner_tls(struct uplink *u)
{
	if (!u->c->conf->tls_no_first_byte) {
		stream_put(u->s, "\x17", 1);
		stream_flush(u->s);
	}
	return lay_tls(u);
}

static struct stream *
lay_websocket(struct uplink *u)
{
	const struct client *c = u->c;
	struct buf host = { 0 };
	struct stream *s = NULL;

	if (is_wss(c)) /* as the front's certificate has it: no port */
		buf_puts(&host, tls_name(c));
	else
		via_put_target(&host, c->conf->server_addr,
		    (int)c->conf->server_port);
	if (http_head_is_target(buf_text(&host)))
		s = ws_ask(c->l, u->s, buf_text(&host));
	buf_free(&host);
	return s;
}

static const struct layer layers[] = {
	{ "TLS", "TLS handshake failed: ", is_wss, lay_tls },
	{ "WebSocket", "", is_websocket, lay_websocket },
	{ "TLS", "TLS handshake failed: ", has_inner_tls, lay_inner_tls },
};
#define LAYERS (sizeof(layers) / sizeof(*layers))

static void
fail(struct uplink *u, const char *why)
{
	const char *pin = secure_strange(u->s);
	char text[400];

	if (pin)
		snprintf(u->c->strange, sizeof(u->c->strange), "%s", pin);
	snprintf(text, sizeof(text), "%s%s", layers[u->layer].failed, why);
	finish(u, NULL, text);
}

static void on_layer(struct stream *s, enum stream_event ev, const uint8_t *p,
    size_t n, void *arg);

/* The next layer, or all is done. */
static void
go_up(struct uplink *u)
{
	struct stream *s;

	while (u->layer < LAYERS && !layers[u->layer].wanted(u->c))
		u->layer++;
	if (u->layer == LAYERS) {
		finish(u, u->s, NULL);
		return;
	}
	s = layers[u->layer].lay(u);
	if (!s) {
		finish(u, NULL, "the server's name cannot stand in a request");
		return;
	}
	u->s = s;
	stream_on(s, on_layer, u);
}

static void
on_layer(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct uplink *u = arg;

	(void)p;
	(void)n;
	if (ev == STREAM_UP) {
		u->layer++;
		go_up(u);
	} else if (ev == STREAM_ERROR || ev == STREAM_EOF) {
		fail(u, stream_why(s));
	}
}

static void
on_late(struct timer *t, void *arg)
{
	struct uplink *u = arg;
	struct buf text = { 0 };

	(void)t;
	if (u->via) {
		via_put_name(&text, &u->c->proxy);
		buf_puts(&text, "no answer in 10 seconds");
		via_cancel(u->via);
		u->via = NULL;
	} else {
		buf_printf(&text, "%s handshake failed: i/o deadline reached "
		    "(does the server speak %s on this port?)",
		    layers[u->layer].name, layers[u->layer].name);
	}
	finish(u, NULL, buf_text(&text));
	buf_free(&text);
}

static void
on_via(void *arg, struct stream *s, const char *error)
{
	struct uplink *u = arg;

	u->via = NULL;
	u->s = s;
	if (s)
		go_up(u);
	else
		finish(u, NULL, error);
}

static void
on_dialled(void *arg, struct stream *s, const char *error)
{
	struct uplink *u = arg;
	const struct client *c = u->c;
	struct via_to to = { .proxy = &c->proxy, .host = c->conf->server_addr,
		.port = (int)c->conf->server_port };
	struct buf text = { 0 };

	u->dial = NULL;
	if (s)
		timer_start(&u->late, c->l, CLIENT_LOGIN_MS, on_late, u);
	if (!c->proxy.host) {
		on_via(u, s, error);
	} else if (s) {
		u->via = via_new(c->l, s, &to, on_via, u);
	} else {
		via_put_name(&text, &c->proxy);
		buf_puts(&text, error);
		finish(u, NULL, buf_text(&text));
		buf_free(&text);
	}
}

struct uplink *
uplink_new(struct client *c, uplink_cb *cb, void *arg)
{
	struct uplink *u = mem_new(struct uplink);
	bool through = c->proxy.host != NULL;
	struct dial_to to = {
		.host = through ? c->proxy.host : c->conf->server_addr,
		.port = through ? c->proxy.port : (int)c->conf->server_port,
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

struct uplink *
uplink_one_more(struct client *c, uplink_cb *cb, void *arg)
{
	struct uplink *u;

	if (c->uplinks >= UPLINKS)
		return NULL;
	u = uplink_new(c, cb, arg);
	u->counted = true;
	c->uplinks++;
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
	via_cancel(u->via);
	u->via = NULL;
	finish(u, NULL, NULL);
}
