// SPDX-License-Identifier: MIT
/* When the stream is slow, datagrams wait in a small queue whose oldest go:
 * nothing here grows, and nothing is read to be thrown away later. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/pace.h"
#include "core/packet_queue.h"
#include "core/udp_msg.h"
#include "core/wire.h"
#include "net/udp.h"

#define PING_MS	    30000	  /* as frp */
#define QUEUE_COUNT 1024	  /* as frp */
#define QUEUE_BYTES (1024 * 1024) /* ours: 1024 large ones were too much */

struct udp_pipe {
	struct loop *l;
	struct stream *s;
	struct udp_pipe_how how;
	char *name;
	udp_pipe_cb *cb;
	void *arg;
	struct wire wire;	 /* frp's messages in */
	struct datagram_in ours; /* or our frames */
	struct packet_queue queue;
	struct timer ping, silent;
	uint64_t heard;
	struct pace_gate told;
	struct deferred gone;
	bool closed;
};

void
udp_source_of(struct datagram_source *to, const struct addr *a)
{
	const struct sockaddr_in *v4 = (const void *)&a->at;
	const struct sockaddr_in6 *v6 = (const void *)&a->at;

	*to = (struct datagram_source){ .port = (uint16_t)addr_port(a) };
	if (a->at.ss_family == AF_INET) {
		to->family = 4;
		memcpy(to->ip, &v4->sin_addr, 4);
	} else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		to->family = 4;
		memcpy(to->ip, &v6->sin6_addr.s6_addr[12], 4);
	} else {
		to->family = 6;
		memcpy(to->ip, &v6->sin6_addr, 16);
		to->scope = v6->sin6_scope_id;
	}
}

void
udp_addr_of(struct addr *to, const struct datagram_source *from)
{
	struct sockaddr_in *v4 = (void *)&to->at;
	struct sockaddr_in6 *v6 = (void *)&to->at;

	*to = (struct addr){ 0 };
	if (from->family == 4) {
		v4->sin_family = AF_INET;
		memcpy(&v4->sin_addr, from->ip, 4);
		to->len = sizeof(*v4);
	} else {
		v6->sin6_family = AF_INET6;
		memcpy(&v6->sin6_addr, from->ip, 16);
		v6->sin6_scope_id = from->scope;
		to->len = sizeof(*v6);
	}
	addr_set_port(to, from->port);
}

static void
free_pipe(struct deferred *d)
{
	struct udp_pipe *p = list_item(d, struct udp_pipe, gone);

	wire_release(&p->wire);
	datagram_release(&p->ours);
	packet_queue_release(&p->queue);
	free(p->name);
	free(p);
}

void
udp_pipe_close(struct udp_pipe *p)
{
	if (!p || p->closed)
		return;
	p->closed = true;
	timer_stop(&p->ping);
	timer_stop(&p->silent);
	stream_linger(p->s);
	loop_defer(p->l, &p->gone, free_pipe);
}

static void
down(struct udp_pipe *p)
{
	if (!p->closed)
		p->cb(p, UDP_PIPE_DOWN, NULL, NULL, 0, p->arg);
}

/* An address as frp's message has it. */
static void
put_addr(struct msg_addr *to, const struct datagram_source *from,
    char ip[static ADDR_TEXT], char zone[static 12])
{
	struct addr a;

	udp_addr_of(&a, from);
	zone[0] = '\0';
	if (from->scope)
		snprintf(zone, 12, "%u", from->scope);
	*to = (struct msg_addr){ true, (char *)(uintptr_t)addr_ip(&a, ip),
		from->port, zone };
}

static void
send_now(struct udp_pipe *p, const struct datagram_source *to,
    const void *data, size_t n)
{
	struct msg m = { .type = MSG_UDP_PACKET };
	char ip[ADDR_TEXT], zone[12];
	struct buf out = { 0 };

	if (p->how.ours) {
		datagram_put(&out, to, data, n);
	} else {
		m.u.udp_packet.content.p = (uint8_t *)(uintptr_t)data;
		m.u.udp_packet.content.n = n;
		put_addr(&m.u.udp_packet.remote, to, ip, zone);
		wire_put(&out, &m);
	}
	stream_put(p->s, buf_peek(&out), buf_len(&out));
	stream_flush(p->s);
	buf_free(&out);
}

static void
too_long(struct udp_pipe *p, size_t n)
{
	if (pace_count(&p->told, loop_now(p->l), 60000) > 3)
		return;
	log_warn(p->l->log, "[%s] a datagram of %zu bytes is dropped: the other "
	    "end is frp's and takes up to %zu; raise udpPacketSize on both "
	    "ends (no more than %zu)", p->name, n, p->how.most,
	    (size_t)UDP_MSG_MAX);
}

void
udp_pipe_send(struct udp_pipe *p, const struct datagram_source *to,
    const void *data, size_t n)
{
	struct udp_key key;

	if (p->closed)
		return;
	if (!p->how.ours && (n > p->how.most || !udp_msg_fits(n))) {
		too_long(p, n);
		return;
	}
	/* whatever room there is will do: only none is told of when it ends */
	if (packet_queue_peek(&p->queue) == NULL && stream_room(p->s) > 0) {
		send_now(p, to, data, n);
		return;
	}
	udp_key_set(&key, to, sizeof(*to));
	packet_queue_put(&p->queue, &key, data, n);
	if (p->queue.dropped &&
	    pace_count(&p->told, loop_now(p->l), 60000) <= 3)
		log_warn(p->l->log, "[%s] datagrams come faster than the link "
		    "takes them: %llu dropped so far, the oldest first",
		    p->name, (unsigned long long)p->queue.dropped);
}

static void
send_queued(struct udp_pipe *p)
{
	const struct packet *one;
	struct datagram_source to;

	while (!p->closed && (one = packet_queue_peek(&p->queue)) != NULL) {
		if (stream_room(p->s) == 0)
			return;
		memcpy(&to, one->peer.bytes, sizeof(to));
		send_now(p, &to, one->bytes, one->n);
		packet_queue_take(&p->queue);
	}
}

static void
on_ping_time(struct timer *t, void *arg)
{
	static const struct datagram_source sign = { .family = 0 };
	static const struct msg ping = { .type = MSG_PING };
	struct udp_pipe *p = arg;
	struct buf out = { 0 };

	timer_start(t, p->l, PING_MS, on_ping_time, p);
	if (p->how.ours)
		datagram_put(&out, &sign, NULL, 0);
	else
		wire_put(&out, &ping);
	if (stream_room(p->s) > 0) {
		stream_put(p->s, buf_peek(&out), buf_len(&out));
		stream_flush(p->s);
	}
	buf_free(&out);
}

static void
on_silent(struct timer *t, void *arg)
{
	struct udp_pipe *p = arg;
	uint64_t quiet = loop_now(p->l) - p->heard;

	if (quiet < p->how.silent_ms) {
		timer_start(t, p->l, p->how.silent_ms - quiet + 1, on_silent,
		    p);
		return;
	}
	down(p);
}

static bool
source_of_msg(struct datagram_source *to, const struct msg_addr *from)
{
	struct addr a;

	if (!from->present || !from->ip || from->port < 0 ||
	    from->port > 65535 ||
	    addr_literal(&a, from->ip, (int)from->port) < 0)
		return false;
	udp_source_of(to, &a);
	if (from->zone && *from->zone && to->family == 6)
		to->scope = (uint32_t)strtoul(from->zone, NULL, 10);
	return true;
}

static int
read_messages(struct udp_pipe *p, const uint8_t *at, size_t n)
{
	struct datagram_source from;
	struct msg m;
	int r = 0;

	while (!p->closed && (r = wire_take(&p->wire, &at, &n, &m)) > 0) {
		const struct msg_udp_packet *u = &m.u.udp_packet;

		if (m.type == MSG_UDP_PACKET &&
		    source_of_msg(&from, &u->remote))
			p->cb(p, UDP_PIPE_PACKET, &from, u->content.p,
			    u->content.n, p->arg);
		msg_release(&m);
	}
	return r;
}

static int
read_ours(struct udp_pipe *p, const uint8_t *at, size_t n)
{
	struct datagram_source from;
	struct span data;
	int r = 0;

	while (!p->closed &&
	    (r = datagram_take(&p->ours, &at, &n, &from, &data)) > 0)
		if (from.family)
			p->cb(p, UDP_PIPE_PACKET, &from, data.p, data.n,
			    p->arg);
	return r;
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *data,
    size_t n, void *arg)
{
	struct udp_pipe *p = arg;
	int r;

	switch (ev) {
	case STREAM_DATA:
		if (n == 0)
			break;
		p->heard = loop_now(p->l);
		r = p->how.ours ? read_ours(p, data, n) :
				  read_messages(p, data, n);
		if (p->closed)
			break;
		stream_consumed(s, n);
		if (r < 0) {
			log_warn(p->l->log, "[%s] the other end sent something "
			    "that is no datagram", p->name);
			down(p);
		}
		break;
	case STREAM_ROOM:
		send_queued(p);
		break;
	case STREAM_EOF:
	case STREAM_ERROR:
		down(p);
		break;
	default:
		break;
	}
}

struct udp_pipe *
udp_pipe_new(struct loop *l, struct stream *s, const struct udp_pipe_how *how,
    udp_pipe_cb *cb, void *arg)
{
	struct udp_pipe *p = mem_new(struct udp_pipe);

	p->l = l;
	p->s = s;
	p->how = *how;
	p->name = mem_dup(how->name);
	p->cb = cb;
	p->arg = arg;
	p->heard = loop_now(l);
	packet_queue_init(&p->queue, QUEUE_COUNT, QUEUE_BYTES);
	stream_on(s, on_stream, p);
	stream_want(s, true);
	if (how->pings)
		timer_start(&p->ping, l, PING_MS, on_ping_time, p);
	if (how->silent_ms)
		timer_start(&p->silent, l, how->silent_ms, on_silent, p);
	return p;
}
