// SPDX-License-Identifier: MIT
#include "net/via.h"

#include <stdlib.h>
#include <string.h>

#include "core/http_connect.h"
#include "core/ip_text.h"
#include "core/mem.h"
#include "core/socks5.h"

struct via {
	struct loop *l;
	struct stream *s;
	const struct proxy_url *proxy;
	via_cb *cb;
	void *arg;
	char *host;
	int port;
	struct http_head head;
	struct socks5 socks;
	struct socks5_addr target;
	struct timer mute; /* there is nothing that could be asked */
	struct deferred gone;
	bool done;
};

/* As the core machines behind them: <0 is an error, put for people. */
struct speech {
	int (*ask)(struct via *v, struct buf *out);
	int (*answer)(struct via *v, const uint8_t **p, size_t *n,
	    struct buf *out, struct buf *why);
};

void
via_put_target(struct buf *to, const char *host, int port)
{
	bool bare = strchr(host, ':') && *host != '[';

	buf_printf(to, bare ? "[%s]:%d" : "%s:%d", host, port);
}

void
via_put_name(struct buf *to, const struct proxy_url *proxy)
{
	buf_puts(to, "proxy '");
	via_put_target(to, proxy->host, proxy->port);
	buf_puts(to, "': ");
}

static int
http_ask(struct via *v, struct buf *out)
{
	struct buf target = { 0 };
	int r;

	via_put_target(&target, v->host, v->port);
	r = http_connect_ask(out, buf_text(&target), v->proxy->user,
	    v->proxy->password);
	buf_free(&target);
	return r;
}

static int
http_answer(struct via *v, const uint8_t **p, size_t *n, struct buf *out,
    struct buf *why)
{
	(void)out;
	return http_connect_answer(&v->head, p, n, why);
}

static int
socks5_ask(struct via *v, struct buf *out)
{
	const char *host = v->host;
	size_t n = strlen(host);
	uint8_t ip[16];
	size_t len;

	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	len = ip_text_read(ip, host, n);
	if (len) {
		v->target.ip_len = (uint8_t)len;
		v->target.port = (uint16_t)v->port;
		memcpy(v->target.ip, ip, len);
	} else {
		/* one that does not fit is refused below */
		socks5_set_name(&v->target, host, (uint16_t)v->port);
	}
	return socks5_client(&v->socks, out, v->proxy->user,
	    v->proxy->password, &v->target);
}

static int
socks5_go_on(struct via *v, const uint8_t **p, size_t *n, struct buf *out,
    struct buf *why)
{
	return socks5_answer(&v->socks, p, n, out, &v->target, why);
}

static const struct speech speeches[] = {
	[PROXY_URL_HTTP] = { http_ask, http_answer },
	[PROXY_URL_SOCKS5] = { socks5_ask, socks5_go_on },
};

static void
free_via(struct deferred *d)
{
	struct via *v = list_item(d, struct via, gone);

	http_head_release(&v->head);
	socks5_wipe(&v->socks);
	free(v->host);
	free(v);
}

static void
finish(struct via *v, const char *error)
{
	struct stream *s = v->s;
	struct buf why = { 0 };

	if (v->done)
		return;
	v->done = true;
	timer_stop(&v->mute);
	stream_on(s, NULL, NULL);
	if (error) {
		stream_close(s);
		via_put_name(&why, v->proxy);
		buf_puts(&why, error);
	}
	loop_defer(v->l, &v->gone, free_via);
	if (v->cb)
		v->cb(v->arg, error ? NULL : s,
		    error ? buf_text(&why) : NULL);
	buf_free(&why);
}

/* What is put may hold the password. */
static void
send_out(struct via *v, struct buf *out)
{
	if (buf_len(out)) {
		stream_put(v->s, buf_peek(out), buf_len(out));
		stream_flush(v->s);
	}
	buf_wipe(out);
}

static void
take(struct via *v, const uint8_t *p, size_t n)
{
	struct buf out = { 0 }, why = { 0 };
	int r = speeches[v->proxy->kind].answer(v, &p, &n, &out, &why);

	send_out(v, &out);
	if (r < 0) {
		finish(v, buf_text(&why));
	} else if (r > 0) {
		stream_unread(v->s, p, n);
		finish(v, NULL);
	}
	buf_free(&why);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	if (ev == STREAM_DATA)
		take(arg, p, n);
	else if (ev == STREAM_EOF)
		finish(arg, "it closed the connection instead of an answer");
	else if (ev == STREAM_ERROR)
		finish(arg, stream_why(s));
}

static void
on_mute(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, "the server's name, or user or password, cannot be told "
	    "to it");
}

struct via *
via_new(struct loop *l, struct stream *s, const struct via_to *to,
    via_cb *cb, void *arg)
{
	struct via *v = mem_new(struct via);
	struct buf out = { 0 };

	v->l = l;
	v->s = s;
	v->proxy = to->proxy;
	v->cb = cb;
	v->arg = arg;
	v->host = mem_dup(to->host);
	v->port = to->port;
	stream_on(s, on_stream, v);
	stream_want(s, true);
	if (speeches[v->proxy->kind].ask(v, &out) < 0)
		timer_start(&v->mute, l, 0, on_mute, v);
	send_out(v, &out);
	return v;
}

void
via_cancel(struct via *v)
{
	if (!v)
		return;
	v->cb = NULL;
	finish(v, "cancelled");
}
