// SPDX-License-Identifier: MIT
/* A connection to the bind port of which it is not yet known who it is.  It
 * may cost little: a few bytes, one TLS handshake, a few streams, STRANGER_MS.
 * Its socket is read only when it is its turn, see crowd.c. */
#include "net/server_internal.h"

#include <stdlib.h>

#include "core/hello.h"
#include "core/mem.h"
#include "net/secure.h"
#include "net/ws.h"

struct stranger {
	struct server *sv;
	struct seat seat;
	struct stream *socket; /* below all of it; not ours */
	struct errand gate;    /* it has something to be read */
	struct stream *s; /* the socket, or TLS over it; NULL: handed on */
	struct stream *kept; /* has bytes for the layer that was put on it */
	struct link *link;
	struct greeter greeter; /* of streams on link; or of s itself */
	struct buf first; /* bytes before it was clear what speaks */
	struct timer late;
	struct deferred gone;
	char from[ADDR_TEXT];
	bool in_ws, opened, over;
};

static void
free_stranger(struct deferred *d)
{
	struct stranger *x = list_item(d, struct stranger, gone);

	buf_free(&x->first);
	free(x);
}

/* Forgets it; what was handed on lives on. */
static void
leave(struct stranger *x)
{
	if (x->over)
		return;
	x->over = true;
	crowd_leave(x->sv, &x->seat);
	conn_gate(x->socket, NULL);
	timer_stop(&x->late);
	loop_defer(x->sv->l, &x->gone, free_stranger);
}

static void
end(struct stranger *x)
{
	if (x->over)
		return;
	leave(x);
	greeter_cancel(&x->greeter);
	link_close(x->link, false);
	stream_close(x->s);
}

/* What was answered still goes out. */
static void
end_gently(struct stranger *x)
{
	struct stream *s = x->s;

	x->s = NULL;
	end(x);
	stream_linger(s);
}

static void
on_late(struct timer *t, void *arg)
{
	struct stranger *x = arg;

	(void)t;
	log_debug(x->sv->log, "client [%s] did not log in within %d seconds",
	    x->from, STRANGER_MS / 1000);
	end(x);
}

void
stranger_close_all(struct server *sv)
{
	while (sv->crowd.n)
		end(list_item(sv->crowd.seats[0], struct stranger, seat));
}

static void
on_greeted(struct greeter *g, bool known)
{
	struct stranger *x = list_item(g, struct stranger, greeter);

	/* without a link the stream was taken, or closed, by now */
	if (!known && x->link)
		return;
	greeter_let_go(g);
	leave(x);
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct stranger *x = arg;

	switch (ev) {
	case LINK_OPEN:
		if (x->greeter.n >= STRANGER_STREAMS) {
			stream_close(s);
			break;
		}
		if (!x->opened)
			crowd_further(&x->seat);
		x->opened = true;
		greet_new(x->sv, s, k, x->from, &x->greeter);
		break;
	case LINK_ROOM:
	case LINK_HEARD:
		break;
	case LINK_DOWN:
		log_debug(x->sv->log, "client [%s]: %s", x->from, link_why(k));
		complain(x->sv, x->from, SAY_GARBAGE,
		    "client [%s] ended before it logged in: %s", x->from,
		    link_why(k));
		end(x);
		break;
	}
}

/* What speaks is known, and TLS, if any, is up. */
static void
go_on(struct stranger *x)
{
	struct mux_limits lim = mux_limits_default;
	struct stream *s = x->s;

	x->s = NULL;
	if (x->sv->conf->tcp_mux) {
		if (x->sv->conf->tcp_mux_keepalive > 0)
			lim.keepalive =
			    (uint64_t)x->sv->conf->tcp_mux_keepalive * 1000;
		x->link = link_new(x->sv->l, s, MUX_SERVER, &lim, on_link, x);
	} else {
		greet_new(x->sv, s, NULL, x->from, &x->greeter);
	}
}

static void
on_secure(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct stranger *x = arg;

	(void)p;
	(void)n;
	if (ev == STREAM_UP) {
		crowd_further(&x->seat);
		go_on(x);
	} else if (ev == STREAM_ERROR || ev == STREAM_EOF) {
		complain(x->sv, x->from, SAY_TLS,
		    "client [%s]: TLS handshake failed: %s", x->from,
		    stream_why(s));
		end(x);
	}
}

static void
start_tls(struct stranger *x)
{
	x->kept = x->s;
	x->s = secure_new(x->sv->l, x->s, x->sv->tls, NULL);
	stream_on(x->s, on_secure, x);
}

static void on_first(struct stream *s, enum stream_event ev, const uint8_t *p,
    size_t n, void *arg);

/* Inside it is as on a connection of its own: TLS or not, mux or not. */
static void
on_ws(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct stranger *x = arg;

	if (ev == STREAM_UP) {
		stream_on(s, on_first, x);
	} else if (ev == STREAM_ERROR || ev == STREAM_EOF) {
		(void)p;
		(void)n;
		complain(x->sv, x->from, SAY_GARBAGE, "client [%s]: %s",
		    x->from, stream_why(s));
		end_gently(x);
	}
}

static void
start_ws(struct stranger *x)
{
	x->in_ws = true;
	x->kept = x->s;
	x->s = ws_serve(x->sv->l, x->s);
	stream_on(x->s, on_ws, x);
}

static void
turn_away(struct stranger *x, const char *what)
{
	complain(x->sv, x->from, SAY_GARBAGE, "client [%s]: %s", x->from, what);
	end(x);
}

/* What has been read is for the next layer. */
static void
decide(struct stranger *x, enum hello h, const uint8_t *p, size_t n)
{
	size_t mark = h == HELLO_FRP_TLS; /* frp's own, before TLS */

	stream_unread(x->s, p + mark, n - mark);
	switch (h) {
	case HELLO_MORE:
		break;
	case HELLO_FRP_TLS:
	case HELLO_TLS:
		start_tls(x);
		break;
	case HELLO_WEBSOCKET:
		if (x->in_ws)
			turn_away(x, "speaks WebSocket inside of WebSocket");
		else
			start_ws(x);
		break;
	case HELLO_HTTP:
		turn_away(x, "speaks HTTP, this is the port for frp clients");
		break;
	case HELLO_SSH:
		turn_away(x, "speaks SSH, this is the port for frp clients");
		break;
	case HELLO_PLAIN:
		if (x->sv->tls_force) {
			turn_away(x,
			    "non-TLS connection received on a TlsOnly server");
			break;
		}
		go_on(x);
		break;
	}
}

static void
on_first(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct stranger *x = arg;
	struct buf held;
	enum hello h;

	if (ev == STREAM_ERROR && x->in_ws) {
		on_ws(s, ev, p, n, x);
		return;
	}
	if (ev == STREAM_EOF || ev == STREAM_ERROR) {
		end(x);
		return;
	}
	if (ev != STREAM_DATA)
		return;
	if (buf_len(&x->first) == 0) {
		h = hello_of(p, n);
		if (h == HELLO_MORE)
			buf_put(&x->first, p, n);
		else
			decide(x, h, p, n);
		return;
	}
	buf_put(&x->first, p, n);
	h = hello_of(buf_peek(&x->first), buf_len(&x->first));
	if (h == HELLO_MORE)
		return;
	held = x->first;
	x->first = (struct buf){ 0 };
	decide(x, h, buf_peek(&held), buf_len(&held));
	buf_free(&held);
}

static void
on_ready(struct errand *e)
{
	struct stranger *x = list_item(e, struct stranger, gate);

	crowd_wait(x->sv, &x->seat);
}

/* All that it makes for us to do is done in its turn: a handshake takes long,
 * and whoever counts the turn's time has to see it. */
static void
on_turn(struct seat *seat)
{
	struct stranger *x = list_item(seat, struct stranger, seat);
	struct stream *kept;

	conn_pass(x->socket);
	while (!x->over && x->kept) {
		kept = x->kept;
		x->kept = NULL;
		crowd_further(seat);
		stream_tell_kept(kept);
	}
}

static void
on_make_way(struct seat *seat)
{
	end(list_item(seat, struct stranger, seat));
}

void
stranger_new(struct server *sv, int fd, const struct addr *from)
{
	struct stranger *x = mem_new(struct stranger);

	x->sv = sv;
	greeter_init(&x->greeter, on_greeted);
	addr_text(from, x->from);
	x->s = x->socket = conn_new(sv->l, fd);
	stream_on(x->s, on_first, x);
	errand_init(&x->gate, on_ready);
	conn_gate(x->socket, &x->gate);
	x->seat.turn = on_turn;
	x->seat.make_way = on_make_way;
	crowd_enter(sv, &x->seat, from);
	timer_start(&x->late, sv->l, STRANGER_MS, on_late, x);
}
