// SPDX-License-Identifier: MIT
#include "net/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "crypto/rand.h"
#include "net/client_internal.h"
#include "net/congestion.h"
#include "net/dialler.h"
#include "net/door.h"
#include "net/secure.h"
#include "net/via.h"
#include "net/visitor.h"

/* The server may be back at any moment, and a refused connection costs it
 * nothing: so we ask at least every two seconds.  A login that was refused is
 * another matter, it needs a person. */
static const struct pace pace_network = { .first_ms = 500, .cap_ms = 2000 };
static const struct pace pace_refused = { .first_ms = 2000, .cap_ms = 20000 };
/* Of a client that a person looks at, and may hurry. */
static const struct pace pace_patient = { .first_ms = 1000, .cap_ms = 60000 };
static const struct pace pace_mend = { .first_ms = 60000, .cap_ms = 60000 };
/* A session that lasted so long ends a series of failures. */
#define STEADY_MS 10000

void
client_room(struct client *c)
{
	if (!c->over && (c->wanted || !list_empty(&c->callers)))
		loop_later(c->l, &c->room);
}

/* Visitors and work streams take turns. */
static void
on_room(struct errand *e)
{
	struct client *c = list_item(e, struct client, room);
	bool more = c->control != NULL;

	while (more) {
		more = visitors_open(c);
		more |= client_work_open(c);
	}
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct client *c = arg;

	if (ev == LINK_OPEN)
		stream_close(s); /* servers open no streams */
	else if (ev == LINK_ROOM)
		on_room(&c->room);
	else if (ev == LINK_DOWN && k == c->link)
		client_cut(c, link_why(k));
}

static void
enter(struct client *c, enum client_stage stage)
{
	c->stage = stage;
	if (c->hooks && c->hooks->stage)
		c->hooks->stage(c->hooks->arg, stage);
}

static void
keep_peer(struct client *c, const struct stream *s)
{
	const char *pin = secure_peer(s);

	snprintf(c->peer, sizeof(c->peer), "%s", pin ? pin : "");
	if (pin && c->conf->hold_key)
		tls_conf_hold(c->tls, pin);
}

const char *
client_peer(const struct client *c)
{
	return *c->peer ? c->peer : NULL;
}

const char *
client_strange(const struct client *c)
{
	return *c->strange ? c->strange : NULL;
}

const char *
client_pins(const struct client *c)
{
	const char *given = c->conf->tls.pin;

	if (given && *given)
		return given;
	return c->conf->hold_key ? client_peer(c) : NULL;
}

static void
on_uplink(void *arg, struct stream *s, const char *error)
{
	struct client *c = arg;
	struct mux_limits lim = mux_limits_default;

	c->uplink = NULL;
	if (!s) {
		client_lost(c, error);
		return;
	}
	keep_peer(c, s);
	if (c->conf->tcp_mux_keepalive > 0)
		lim.keepalive = (uint64_t)c->conf->tcp_mux_keepalive * 1000;
	if (c->conf->tcp_mux) {
		c->link = link_new(c->l, s, MUX_CLIENT, &lim, on_link, c);
		s = link_open(c->link);
	}
	if (!s) {
		client_lost(c, "cannot open a stream");
		return;
	}
	c->stage = CLIENT_LOGIN;
	client_login(c, s);
	if (c->ctl)
		enter(c, CLIENT_LOGIN);
}

static void
connect_now(struct client *c)
{
	timer_stop(&c->again);
	*c->strange = '\0';
	log_info(c->log, "try to connect to server...");
	c->uplink = uplink_new(c, on_uplink, c);
	enter(c, CLIENT_CONNECTING);
}

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	connect_now(arg);
}

static void
tear_down(struct client *c)
{
	struct link *k = c->link;

	uplink_cancel(c->uplink);
	c->uplink = NULL;
	client_proxies_stop(c);
	client_control_end(c);
	client_work_end(c);
	client_udp_end(c);
	diallers_end(c);
	doors_end(c);
	c->link = NULL;
	link_close(k, true);
}

void
client_goodbye(struct client *c)
{
	if (c->over)
		return;
	client_proxies_close(c);
	c->over = true;
	timer_stop(&c->again);
	tear_down(c);
	errand_drop(&c->room);
}

static void
tell_lost(struct client *c, enum client_stage in, const char *why, uint64_t ms)
{
	if (c->hooks && c->hooks->lost)
		c->hooks->lost(c->hooks->arg, in, why, ms);
}

static void
fail_first(struct client *c, const char *why)
{
	buf_printf(&c->why, "login to the server failed: %s", why);
	if (c->conf->login_fail_exit)
		buf_puts(&c->why, ". With loginFailExit enabled, no additional "
		    "retries will be attempted");
	c->over = true;
	if (c->alone)
		loop_stop(c->l, 1);
}

static const struct pace *
pace_of(const struct client *c)
{
	if (c->conf->patient)
		return c->refused ? &pace_mend : &pace_patient;
	return c->refused ? &pace_refused : &pace_network;
}

void
client_lost(struct client *c, const char *why)
{
	enum client_stage in = c->stage;
	bool up = c->control != NULL;
	uint32_t ms;
	char text[400];

	if (c->over || timer_active(&c->again))
		return;
	snprintf(text, sizeof(text), "%s", why);
	tear_down(c);
	if (!up)
		log_warn(c->log, "connect to server error: %s", text);
	if (!c->was_up && (c->conf->login_fail_exit ||
	    (c->refused && c->conf->login_refused_exit))) {
		fail_first(c, text);
		tell_lost(c, in, text, CLIENT_NEVER);
		return;
	}
	if (up && loop_now(c->l) - c->up_since >= STEADY_MS)
		c->tries = 0;
	ms = pace_wait(pace_of(c), c->tries++, loop_dice());
	if (up)
		log_warn(c->log, "[%s] the connection to the server is lost: "
		    "%s; trying again", c->tag, text);
	timer_start(&c->again, c->l, ms, on_again, c);
	tell_lost(c, in, text, ms);
}

void
client_retry(struct client *c)
{
	if (!timer_active(&c->again))
		return;
	c->tries = 0;
	timer_start(&c->again, c->l, 0, on_again, c);
}

/* A server that is set otherwise than we are just hangs up. */
void
client_cut(struct client *c, const char *why)
{
	char text[400];

	snprintf(text, sizeof(text), "%s", why);
	if (!c->control && !strstr(text, "tcpMux"))
		snprintf(text, sizeof(text), "%.160s instead of an answer to "
		    "the login (are transport.tcpMux and transport.tls the "
		    "same on both ends?)", why);
	client_lost(c, text);
}

/* in wss TLS is the outermost, whatever tls.enable says */
static bool
has_tls(const struct client *c)
{
	return c->conf->tls_enable || strcmp(c->conf->protocol, "wss") == 0;
}

int
client_renew(struct client *c, const struct client_files *f, struct buf *why)
{
	struct tls_setup setup = { .cert = f->cert, .key = f->key,
		.ca = f->ca };
	struct tls_conf *tls;
	char reason[200];
	uint8_t seed[32];

	if (!has_tls(c))
		return 0;
	if (c->conf->tls.pin && *c->conf->tls.pin)
		setup.pin = c->conf->tls.pin;
	rand_bytes(seed, sizeof(seed));
	tls = tls_conf_new(TLS_CLIENT, &setup, loop_date(), seed, reason,
	    sizeof(reason));
	mem_wipe(seed, sizeof(seed));
	if (!tls) {
		buf_printf(why, "cannot set up TLS: %s", reason);
		return -1;
	}
	tls_conf_free(c->tls);
	c->tls = tls;
	return 0;
}

static int
set_up_tls(struct client *c, const struct client_files *f, struct buf *why)
{
	const char *pin = c->conf->tls.pin;

	if (client_renew(c, f, why) < 0)
		return -1;
	if (has_tls(c) && !f->ca && !(pin && *pin) && !c->conf->hold_key)
		log_warn(c->log, "the server's certificate is not checked: set "
		    "transport.tls.pin or transport.tls.trustedCaFile");
	return 0;
}

static int
set_up_proxy(struct client *c, struct buf *why)
{
	const struct client_conf *conf = c->conf;
	struct buf at = { 0 };

	if (!conf->proxy_url || !*conf->proxy_url)
		return 0;
	if (proxy_url_parse(&c->proxy, conf->proxy_url, why) < 0)
		return -1;
	via_put_target(&at, c->proxy.host, c->proxy.port);
	if (conf->proxy_from_env)
		log_info(c->log, "the server is reached through the proxy %s "
		    "(environment variable http_proxy)", buf_text(&at));
	buf_free(&at);
	return 0;
}

struct client *
client_new(struct loop *l, const struct client_conf *conf,
    const struct client_files *f, const struct client_range *range,
    const struct log *log, const struct client_hooks *h, struct buf *why)
{
	struct client *c = mem_new(struct client);
	struct addr dns;

	c->l = l;
	c->conf = conf;
	c->hooks = h;
	c->log = log;
	c->tokens = f->tokens;
	if (range)
		c->range = *range;
	c->held.most = HOLD_MOST;
	list_init(&c->proxies);
	list_init(&c->visitors);
	list_init(&c->jobs);
	list_init(&c->callers);
	errand_init(&c->room, on_room);
	list_init(&c->services);
	list_init(&c->diallers);
	list_init(&c->doors);
	c->resolver = resolver_new(l,
	    addr_server(&dns, conf->dns_server, 53) == 0 ? &dns : NULL);
	if (congestion_set(l, conf->congestion, why) < 0 ||
	    set_up_tls(c, f, why) < 0 || set_up_proxy(c, why) < 0) {
		client_free(c);
		return NULL;
	}
	client_proxies_make(c);
	visitors_make(c);
	timer_start(&c->again, l, 0, on_again, c);
	return c;
}

static void
free_client(struct deferred *d)
{
	struct client *c = list_item(d, struct client, gone);

	tls_conf_free(c->tls);
	token_drop(c->token);
	proxy_url_release(&c->proxy);
	buf_free(&c->why);
	free(c);
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	client_goodbye(c);
	visitors_free(c);
	client_proxies_free(c);
	resolver_free(c->resolver);
	loop_defer(c->l, &c->gone, free_client);
}
