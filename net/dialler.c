// SPDX-License-Identifier: MIT
#include "net/dialler.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/allow.h"
#include "core/mem.h"
#include "core/socks5.h"
#include "net/door.h"
#include "net/echo.h"
#include "net/hold.h"
#include "net/offer.h"
#include "net/target.h"
#include "net/udp.h"

#define STEP_MS 10000 /* for the handshake, for the name, to connect: each */

struct dialler {
	struct client *c;
	struct list at;
	const struct client_proxy *proxy;
	struct dialler_how how;
	struct allow allow;
	char *from;
	struct socks5 socks;
	struct hold hold; /* of the work stream, once it is known where to */
	struct timer late;
	enum socks5_command command;
	struct socks5_addr target;
	char host[SOCKS5_NAME_MAX + 1];
	uint64_t question;
	struct dial *dial;
	struct udp_back *back;
	struct echo_back *echo;
	bool over;
	struct deferred gone;
};

static void
free_dialler(struct deferred *gone)
{
	struct dialler *d = list_item(gone, struct dialler, gone);

	hold_release(&d->hold);
	allow_release(&d->allow);
	free(d->from);
	socks5_wipe(&d->socks);
	free(d);
}

/* The stream is somebody else's from here on. */
static void
leave(struct dialler *d)
{
	if (d->over)
		return;
	d->over = true;
	list_del(&d->at);
	timer_stop(&d->late);
	resolve_cancel(d->c->resolver, d->question);
	dial_cancel(d->dial);
	udp_back_close(d->back);
	echo_back_close(d->echo);
	loop_defer(d->c->l, &d->gone, free_dialler);
}

static void
end(struct dialler *d, bool gentle)
{
	bool mine = !d->over && !d->back && !d->echo;

	leave(d);
	hold_release(&d->hold);
	if (mine && gentle)
		stream_linger(d->hold.s);
	else if (mine)
		stream_close(d->hold.s);
}

static void
on_broken(void *arg)
{
	end(arg, false);
}

static void
write_out(struct dialler *d, struct buf *out)
{
	if (buf_len(out)) {
		stream_put(d->hold.s, buf_peek(out), buf_len(out));
		stream_flush(d->hold.s);
	}
	buf_wipe(out);
}

/* what: a line for people, of which an offer's visitor gets to know. */
static void
refuse(struct dialler *d, enum socks5_code code, const char *what)
{
	struct buf out = { 0 };

	log_debug(d->c->log, "[%s] [%s] SOCKS request refused: %s",
	    d->c->tag, d->proxy->name, what);
	socks5_reply(&out, code, NULL);
	if (d->how.offer)
		buf_printf(&out, "%.*s\n", SOCKS5_LINE_MAX - 1, what);
	write_out(d, &out);
	end(d, true);
}

static void
deny(struct dialler *d)
{
	struct buf what = { 0 };

	if (target_is_here(d->host))
		buf_printf(&what, "port %d is not offered by '%s'",
		    d->target.port, d->how.offer);
	else
		buf_printf(&what, "port %d of '%s' is not offered by '%s'",
		    d->target.port, d->host, d->how.offer);
	refuse(d, SOCKS5_DENIED, buf_text(&what));
	buf_free(&what);
}

/* Where from, or where to, in the reply that opens the way. */
static void
accept_request(struct dialler *d, const struct addr *a)
{
	struct socks5_addr at = { 0 };
	struct datagram_source s;
	struct buf out = { 0 };

	udp_source_of(&s, a);
	at.ip_len = s.family == 4 ? 4 : 16;
	memcpy(at.ip, s.ip, at.ip_len);
	at.port = s.port;
	socks5_reply(&out, SOCKS5_OK, &at);
	write_out(d, &out);
}

static void
on_dialled(void *arg, struct stream *service, const char *error)
{
	struct dialler *d = arg;
	int number = dial_errno(d->dial);
	struct addr self;

	d->dial = NULL;
	if (!service) {
		refuse(d, target_code(number), error);
		return;
	}
	addr_of_self(&self, conn_fd(service));
	accept_request(d, &self);
	leave(d);
	hold_join(&d->hold, d->c->l, service);
}

static void
on_down(void *arg)
{
	end(arg, true);
}

static void
serve_echo(struct dialler *d)
{
	struct buf out = { 0 };

	socks5_reply(&out, SOCKS5_OK, NULL);
	write_out(d, &out);
	hold_give_back(&d->hold);
	d->echo = echo_back_new(d->c->l, d->hold.s, on_down, d);
}

static void
serve_door(struct dialler *d)
{
	const struct door_how how = { .offer = d->how.offer,
		.allow = d->how.allow_remote, .from = d->from,
		.name = d->target.name, .port = d->target.port };
	struct socks5_addr at = { .ip_len = 4, .ip = { 127, 0, 0, 1 } };
	enum socks5_code code;
	struct buf out = { 0 };
	struct door *door = door_open(d->c, &how, &code, &out);

	if (!door) {
		refuse(d, code, buf_text(&out));
		buf_free(&out);
		return;
	}
	at.port = (uint16_t)door_port(door);
	socks5_reply(&out, SOCKS5_OK, &at);
	write_out(d, &out);
	hold_give_back(&d->hold);
	leave(d);
	door_lead(door, d->hold.s);
}

/* Its visitor has one target; what it is told of users is theirs. */
static void
serve_udp(struct dialler *d, const struct addr *to)
{
	struct udp_pipe_how how = { .ours = true, .pings = true,
		.name = d->proxy->name };

	accept_request(d, to);
	hold_give_back(&d->hold);
	d->back = udp_back_new(d->c->l, d->hold.s, &how, to, on_down, d);
}

/* Addresses that may not be gone to are left out; what is dialled is what was
 * asked about. */
static size_t
pick(struct dialler *d, struct addr *to, const struct addr *v, size_t n)
{
	struct datagram_source s;
	size_t i, good = 0;

	for (i = 0; i < n; i++) {
		udp_source_of(&s, &v[i]);
		if (!d->how.offer || allow_check(&d->allow, d->host, s.ip,
		    s.family == 4 ? 4 : 16, d->target.port))
			to[good++] = v[i];
	}
	return good;
}

static void
go(struct dialler *d, const struct addr *v, size_t n)
{
	struct addr to[RESOLVE_MAX];
	struct dial_to how = { .host = d->host, .port = d->target.port,
		.at = to, .ms = STEP_MS,
		.keep = { .idle = 60, .step = 15, .tries = 4,
		    .far_only = true } };

	timer_stop(&d->late);
	how.n = pick(d, to, v, n);
	if (how.n == 0)
		deny(d);
	else if (d->command == SOCKS5_UDP_ASSOCIATE)
		serve_udp(d, &to[0]);
	else
		d->dial = dial_new(d->c->l, d->c->resolver, &how, on_dialled,
		    d);
}

/* Which names there are is nobody's business but for those offered. */
static void
unknown_name(struct dialler *d, const char *error)
{
	timer_stop(&d->late);
	if (d->how.offer && !allow_check(&d->allow, d->host, NULL, 0,
	    d->target.port))
		deny(d);
	else
		refuse(d, SOCKS5_NO_HOST, error);
}

static void
on_resolved(void *arg, const struct addr *v, size_t n, const char *error)
{
	struct dialler *d = arg;

	d->question = 0;
	if (error)
		unknown_name(d, error);
	else
		go(d, v, n);
}

static void
on_no_answer(struct timer *t, void *arg)
{
	(void)t;
	unknown_name(arg, "the name server does not answer");
}

static void
find(struct dialler *d)
{
	struct datagram_source s = { .port = d->target.port };
	char text[ADDR_TEXT];
	struct addr at;

	if (d->command != SOCKS5_CONNECT && !d->how.offer) {
		refuse(d, SOCKS5_NO_COMMAND, "not CONNECT");
		return;
	}
	if (d->command == SOCKS5_BIND) {
		serve_door(d);
		return;
	}
	if (d->target.ip_len) {
		s.family = d->target.ip_len == 4 ? 4 : 6;
		memcpy(s.ip, d->target.ip, d->target.ip_len);
		udp_addr_of(&at, &s);
		strcpy(d->host, addr_ip(&at, text));
		go(d, &at, 1);
		return;
	}
	if (!target_is_plain(d->target.name)) {
		refuse(d, SOCKS5_NO_HOST, "this cannot be a name");
		return;
	}
	strcpy(d->host, d->target.name);
	if (d->how.offer && d->command == SOCKS5_CONNECT &&
	    strcasecmp(d->host, OFFER_ECHO) == 0) {
		serve_echo(d);
		return;
	}
	if (addr_literal(&at, d->host, d->target.port) == 0) {
		go(d, &at, 1);
		return;
	}
	timer_start(&d->late, d->c->l, STEP_MS, on_no_answer, d);
	d->question = resolve(d->c->resolver, d->host, d->target.port,
	    on_resolved, d);
}

static void
feed(struct dialler *d, const uint8_t *p, size_t n)
{
	struct stream *s = d->hold.s;
	struct buf out = { 0 };
	size_t left = n;
	int r = socks5_request(&d->socks, &p, &left, &out, &d->command,
	    &d->target);

	write_out(d, &out);
	stream_consumed(s, n - left);
	if (r < 0) {
		log_debug(d->c->log, "[%s] [%s] SOCKS handshake failed",
		    d->c->tag, d->proxy->name);
		end(d, true);
	}
	if (r <= 0)
		return;
	timer_stop(&d->late);
	hold_start(&d->hold, s, on_broken, d);
	hold_add(&d->hold, p, left);
	find(d);
}

static void
on_handshake(struct stream *s, enum stream_event ev, const uint8_t *p,
    size_t n, void *arg)
{
	(void)s;
	if (ev == STREAM_DATA && n)
		feed(arg, p, n);
	else if (ev == STREAM_EOF || ev == STREAM_ERROR)
		end(arg, ev == STREAM_EOF);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	end(arg, false);
}

void
dialler_serve(struct client_job *j, const struct dialler_how *how)
{
	struct dialler *d = mem_new(struct dialler);
	struct buf why = { 0 };

	d->proxy = client_job_proxy(j);
	d->c = d->proxy->client;
	d->how = *how;
	if (how->offer) /* it was checked when it was set; else it is empty */
		allow_parse(&d->allow, how->allow, &why);
	buf_free(&why);
	d->from = mem_dup(client_job_from(j));
	socks5_server(&d->socks, how->user, how->password);
	list_add(&d->c->diallers, &d->at);
	client_job_take(j, &d->hold, on_broken, d);
	hold_give_back(&d->hold);
	timer_start(&d->late, d->c->l, STEP_MS, on_late, d);
	stream_on(d->hold.s, on_handshake, d);
	stream_want(d->hold.s, true);
}

void
diallers_end(struct client *c)
{
	while (!list_empty(&c->diallers))
		end(list_item(c->diallers.next, struct dialler, at), false);
}
