// SPDX-License-Identifier: MIT
#include "net/server_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "crypto/rand.h"
#include "net/congestion.h"
#include "net/dial.h"

static void
on_client(void *arg, int fd, const struct addr *from)
{
	stranger_new(arg, fd, from);
}

static void
on_heavy(struct errand *e)
{
	struct server *sv = list_item(e, struct server, heavy);

	sv->l->hopeless = !session_end_heaviest(sv);
}

static void
on_farewell(struct timer *t, void *arg)
{
	struct server *sv = arg;

	(void)t;
	loop_stop(sv->l, 0);
}

/* Ends in good order: no new users or clients, every client's link closed,
 * and a moment for the last bytes. */
static void
on_term(void *arg, int number)
{
	struct server *sv = arg;

	if (timer_active(&sv->farewell)) {
		/* a terminal may say twice that it is gone */
		if (number != SIGHUP)
			loop_stop(sv->l, 0);
		return;
	}
	log_info(sv->log, "got signal %d, closing", number);
	listen_close(sv->listener);
	sv->listener = NULL;
	while (!list_empty(&sv->sessions))
		session_end(list_item(sv->sessions.next, struct session, at),
		    "the server is closing");
	login_end(sv);
	stranger_close_all(sv);
	timer_start(&sv->farewell, sv->l, 50, on_farewell, sv);
}

static void
on_hup(void *arg, int number)
{
	struct server *sv = arg;

	(void)number;
	if (!timer_active(&sv->farewell) && sv->hooks && sv->hooks->renew)
		sv->hooks->renew(sv->hooks->arg, sv);
}

static int
start_listening(struct server *sv, struct buf *why)
{
	const struct conn_keep keep = {
		.idle = (int)sv->conf->tcp_keepalive, .step = 5, .tries = 2,
		.user_timeout_ms = sv->conf->tcp_mux ? 25000 : 0 };
	const struct server_conf *c = sv->conf;
	struct addr at;
	char text[ADDR_TEXT];

	if (addr_literal(&sv->proxy_addr, c->proxy_bind_addr, 0) < 0) {
		buf_printf(why, "proxyBindAddr: '%s' is not an IP address",
		    c->proxy_bind_addr);
		return -1;
	}
	if (addr_literal(&at, c->bind_addr, (int)c->bind_port) < 0) {
		buf_printf(why, "bindAddr: '%s' is not an IP address",
		    c->bind_addr);
		return -1;
	}
	sv->listener = listen_new(sv->l, &at, on_client, sv);
	if (sv->listener) {
		listen_tune(sv->listener, &keep);
		return 0;
	}
	buf_printf(why, "create server listener error, listen tcp %s: bind: %s",
	    addr_text(&at, text),
	    errno == EADDRINUSE ? "address already in use" :
		errno == EACCES ? "permission denied" :
				  strerror(errno));
	return -1;
}

static int
start(struct server *sv, const struct server_files *f, struct buf *why)
{
	const struct server_conf *c = sv->conf;
	struct tls_conf *tls = server_tls(sv, f, why);

	if (!tls)
		return -1;
	sv->tls_force = c->tls_force;
	server_take_tls(sv, tls, f);
	if (start_listening(sv, why) < 0)
		return -1;
	log_info(sv->log, "frps tcp listen on %s:%d", c->bind_addr,
	    listen_port(sv->listener));
	server_say_pin(sv);
	if (token_file_is_none(sv->tokens))
		log_warn(sv->log, "auth.token is empty: anybody who reaches "
		    "port %d may open ports here",
		    listen_port(sv->listener));
	return 0;
}

int
server_run(const struct server_conf *c, const struct server_files *f,
    const struct log *log, const struct server_hooks *h, struct buf *why)
{
	struct server sv = { .conf = c, .log = log, .hooks = h,
		.tokens = f->tokens };
	int status = 1;

	loop_descriptors();
	sv.l = loop_new(log);
	errand_init(&sv.heavy, on_heavy);
	sv.l->heavy = &sv.heavy;
	list_init(&sv.sessions);
	list_init(&sv.past);
	crowd_init(&sv.crowd);
	list_init(&sv.flap_order);
	list_init(&sv.logins);
	rand_bytes(&sv.names.seed, sizeof(sv.names.seed));
	sv.runs.seed = sv.flaps.seed = sv.names.seed;
	sv.sources.seed = sv.names.seed;
	sv.ports = ports_new(&c->allow_ports, sv.names.seed);
	sv.udp_ports = ports_new(&c->allow_ports, sv.names.seed);
	if (congestion_set(sv.l, c->congestion, why) == 0 &&
	    start(&sv, f, why) == 0) {
		loop_signal(sv.l, &sv.on_term, SIGTERM, on_term, &sv);
		loop_signal(sv.l, &sv.on_int, SIGINT, on_term, &sv);
		loop_hangup(sv.l, &sv.on_hup, on_term, on_hup, &sv);
		if (h && h->ready)
			h->ready(h->arg);
		status = loop_run(sv.l);
	}
	listen_close(sv.listener);
	login_end(&sv);
	sources_end(&sv);
	relay_break_all(sv.l);
	conn_end_all(sv.l);
	ports_free(sv.ports);
	ports_free(sv.udp_ports);
	map_free(&sv.names);
	map_free(&sv.runs);
	loop_free(sv.l);
	tls_conf_free(sv.tls);
	return status;
}
