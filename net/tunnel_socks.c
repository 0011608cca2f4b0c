// SPDX-License-Identifier: MIT
/* A dynamic forward speaks SOCKS5 to its users: CONNECT, to an address or to
 * a name, which the far side looks up.  UDP ASSOCIATE is refused: whoever has
 * datagrams names their target in a forward of its own. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/tunnel_internal.h"

static void
put(struct guest *g, struct buf *out)
{
	if (buf_len(out)) {
		stream_put(g->hold.s, buf_peek(out), buf_len(out));
		stream_flush(g->hold.s);
	}
	buf_free(out);
}

/* The far side's reason is a text for people; programs want a number. */
static enum socks5_code
code_of(const char *error)
{
	static const struct {
		const char *part;
		enum socks5_code code;
	} known[] = {
		{ "not offered", SOCKS5_DENIED },
		{ "prohibited", SOCKS5_DENIED },
		{ "refused", SOCKS5_REFUSED },
		{ "no such host", SOCKS5_NO_HOST },
		{ "name server", SOCKS5_NO_HOST },
		{ "no route", SOCKS5_NO_HOST },
		{ "unreachable", SOCKS5_NO_NETWORK },
		{ "far side is not there", SOCKS5_NO_NETWORK },
		{ "timed out", SOCKS5_NO_HOST },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(error, known[i].part))
			return known[i].code;
	return SOCKS5_FAILED;
}

static void
reply(struct guest *g, enum socks5_code code)
{
	static const struct socks5_addr unknown = { .ip_len = 4 };
	struct buf out = { 0 };

	socks5_reply(&out, code, &unknown);
	put(g, &out);
}

void
socks_answer(struct guest *g, const char *error)
{
	reply(g, error ? code_of(error) : SOCKS5_OK);
}

static bool
is_plain(const char *name)
{
	if (*name == '-')
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' ||
		    (unsigned char)*name > '~')
			return false;
	return true;
}

static bool
take_target(struct guest *g)
{
	struct datagram_source s = { .port = g->target.port };
	char text[ADDR_TEXT];
	struct addr at;

	if (g->target.ip_len == 0) {
		strcpy(g->host, g->target.name);
		return *g->host && is_plain(g->host);
	}
	s.family = g->target.ip_len == 4 ? 4 : 6;
	memcpy(s.ip, g->target.ip, g->target.ip_len);
	udp_addr_of(&at, &s);
	strcpy(g->host, addr_ip(&at, text));
	return true;
}

static void
on_broken(void *arg)
{
	guest_end(arg, false);
}

static void
feed(struct guest *g, const uint8_t *p, size_t n)
{
	struct stream *s = g->hold.s;
	enum socks5_command command;
	struct buf out = { 0 };
	size_t left = n;
	int r = socks5_request(g->socks, &p, &left, &out, &command,
	    &g->target);

	put(g, &out);
	stream_consumed(s, n - left);
	if (r == 0)
		return;
	if (r < 0) {
		guest_end(g, true);
		return;
	}
	timer_stop(&g->late);
	if (command != SOCKS5_CONNECT || !take_target(g)) {
		reply(g, command != SOCKS5_CONNECT ? SOCKS5_NO_COMMAND :
						     SOCKS5_NO_HOST);
		guest_end(g, true);
		return;
	}
	hold_start(&g->hold, s, on_broken, g);
	hold_add(&g->hold, p, left);
	guest_ask(g);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)s;
	if (ev == STREAM_DATA && n)
		feed(arg, p, n);
	else if (ev == STREAM_EOF || ev == STREAM_ERROR)
		guest_end(arg, ev == STREAM_EOF);
}

void
socks_begin(struct guest *g, struct stream *s)
{
	g->socks = mem_new(struct socks5);
	socks5_server(g->socks, NULL, NULL);
	stream_on(s, on_stream, g);
	stream_want(s, true);
}
