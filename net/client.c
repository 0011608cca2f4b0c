// SPDX-License-Identifier: MIT
#include "net/client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "crypto/rand.h"
#include "net/client_internal.h"
#include "net/congestion.h"
#include "net/dialler.h"
#include "net/via.h"
#include "net/visitor.h"

/* The server may be back at any moment, and a refused connection costs it
 * nothing: so we ask at least every two seconds.  A login that was refused is
 * another matter, it needs a person. */
static const struct pace pace_network = { .first_ms = 500, .cap_ms = 2000 };
static const struct pace pace_refused = { .first_ms = 2000, .cap_ms = 20000 };
/* A session that lasted so long ends a series of failures. */
#define STEADY_MS 10000

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct client *c = arg;

	if (ev == LINK_OPEN)
		stream_close(s); /* servers open no streams */
	else if (ev == LINK_DOWN && k == c->link)
		client_cut(c, link_why(k));
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
	if (!c->conf->tcp_mux) {
		client_login(c, s);
		return;
	}
	if (c->conf->tcp_mux_keepalive > 0)
		lim.keepalive = (uint64_t)c->conf->tcp_mux_keepalive * 1000;
	c->link = link_new(c->l, s, MUX_CLIENT, &lim, on_link, c);
	s = link_open(c->link);
	if (s)
		client_login(c, s);
	else
		client_lost(c, "cannot open a stream");
}

static void
connect_now(struct client *c)
{
	timer_stop(&c->again);
	log_info(c->log, "try to connect to server...");
	c->uplink = uplink_new(c, on_uplink, c);
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
	c->link = NULL;
	link_close(k, true);
}

void
client_stop(struct client *c, int status)
{
	if (c->over)
		return;
	c->over = true;
	timer_stop(&c->again);
	tear_down(c);
	loop_stop(c->l, status);
}

static void
fail_first(struct client *c, const char *why)
{
	buf_printf(c->why, "login to the server failed: %s", why);
	if (c->conf->login_fail_exit)
		buf_puts(c->why, ". With loginFailExit enabled, no additional "
		    "retries will be attempted");
	client_stop(c, 1);
}

void
client_lost(struct client *c, const char *why)
{
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
		return;
	}
	if (up && loop_now(c->l) - c->up_since >= STEADY_MS)
		c->tries = 0;
	ms = pace_wait(c->refused ? &pace_refused : &pace_network, c->tries++,
	    loop_dice());
	if (up)
		log_warn(c->log, "[%s] the connection to the server is lost: "
		    "%s; trying again", c->run_id, text);
	timer_start(&c->again, c->l, ms, on_again, c);
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

static void
on_farewell(struct timer *t, void *arg)
{
	struct client *c = arg;

	(void)t;
	loop_stop(c->l, 0);
}

static void
on_term(void *arg, int number)
{
	struct client *c = arg;

	if (c->over) {
		loop_stop(c->l, 0);
		return;
	}
	log_info(c->log, "got signal %d, closing", number);
	client_proxies_close(c);
	c->over = true;
	timer_stop(&c->again);
	tear_down(c);
	/* a moment for the goodbye to leave */
	timer_start(&c->farewell, c->l, 50, on_farewell, c);
}

/* Somebody knows that the network is back. */
static void
on_hup(void *arg, int number)
{
	struct client *c = arg;

	(void)number;
	if (timer_active(&c->again)) {
		c->tries = 0;
		connect_now(c);
	}
}

static int
set_up_tls(struct client *c, const struct client_files *f)
{
	struct tls_setup setup = { .cert = f->cert, .key = f->key,
		.ca = f->ca };
	char reason[200];
	uint8_t seed[32];

	/* in wss TLS is the outermost, whatever tls.enable says */
	if (!c->conf->tls_enable && strcmp(c->conf->protocol, "wss") != 0)
		return 0;
	if (c->conf->tls.pin && *c->conf->tls.pin)
		setup.pin = c->conf->tls.pin;
	rand_bytes(seed, sizeof(seed));
	c->tls = tls_conf_new(TLS_CLIENT, &setup, loop_date(), seed, reason,
	    sizeof(reason));
	mem_wipe(seed, sizeof(seed));
	if (!c->tls) {
		buf_printf(c->why, "cannot set up TLS: %s", reason);
		return -1;
	}
	if (!setup.ca && !setup.pin)
		log_warn(c->log, "the server's certificate is not checked: set "
		    "transport.tls.pin or transport.tls.trustedCaFile");
	return 0;
}

static int
set_up_proxy(struct client *c)
{
	const struct client_conf *conf = c->conf;
	struct buf at = { 0 };

	if (!conf->proxy_url || !*conf->proxy_url)
		return 0;
	if (proxy_url_parse(&c->proxy, conf->proxy_url, c->why) < 0)
		return -1;
	via_put_target(&at, c->proxy.host, c->proxy.port);
	if (conf->proxy_from_env)
		log_info(c->log, "the server is reached through the proxy %s "
		    "(environment variable http_proxy)", buf_text(&at));
	buf_free(&at);
	return 0;
}

int
client_run(const struct client_conf *conf, const struct client_files *f,
    const struct client_range *range, const struct log *log,
    const struct client_hooks *h, struct buf *why)
{
	struct client c = { .conf = conf, .hooks = h, .log = log, .why = why };
	struct addr dns;
	int status = 1;

	if (range)
		c.range = *range;
	loop_descriptors();
	c.l = loop_new(log);
	c.resolver = resolver_new(c.l,
	    addr_server(&dns, conf->dns_server, 53) == 0 ? &dns : NULL);
	list_init(&c.proxies);
	list_init(&c.visitors);
	list_init(&c.jobs);
	list_init(&c.services);
	list_init(&c.diallers);
	if (congestion_set(c.l, conf->congestion, why) == 0 &&
	    set_up_tls(&c, f) == 0 && set_up_proxy(&c) == 0) {
		client_proxies_make(&c);
		visitors_make(&c);
		loop_signal(c.l, &c.on_term, SIGTERM, on_term, &c);
		loop_signal(c.l, &c.on_int, SIGINT, on_term, &c);
		loop_signal(c.l, &c.on_hup, SIGHUP, on_hup, &c);
		connect_now(&c);
		status = loop_run(c.l);
	}
	relay_break_all(c.l);
	visitors_free(&c);
	conn_end_all(c.l);
	client_proxies_free(&c);
	resolver_free(c.resolver);
	loop_free(c.l);
	tls_conf_free(c.tls);
	proxy_url_release(&c.proxy);
	return status;
}
