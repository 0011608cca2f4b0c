// SPDX-License-Identifier: MIT
/* Where those come from who speak to the bind port: an IPv4 address, or a /64
 * of IPv6, which is one customer's.  Of a source is known how many strangers
 * and sessions it has, what it guessed wrong of late, and what the log has
 * said of it.  One that has nothing but a past is forgotten when there are too
 * many of those, the longest unheard-of first. */
#include "net/server_internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define SOURCE_MAX 4096 /* with a past only */

/* Warnings of a kind in a minute: of one source, so that who watches the log
 * sees each of them; and of all. */
#define SAY_MS	 60000
#define SAY_EACH 6
#define SAY_ALL	 120

static uint64_t
key_of(const struct addr *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->at;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->at;
	uint64_t key = 0xffff;
	uint32_t ip;

	if (a->at.ss_family == AF_INET6 &&
	    !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		memcpy(&key, &six->sin6_addr, sizeof(key));
		return key;
	}
	if (a->at.ss_family == AF_INET6)
		memcpy(&ip, &six->sin6_addr.s6_addr[12], sizeof(ip));
	else
		memcpy(&ip, &four->sin_addr, sizeof(ip));
	return key << 32 | ip;
}

static void
forget(struct server *sv, struct source *o)
{
	if (!list_empty(&o->past))
		sv->npast--;
	list_del(&o->past);
	map_num_del(&sv->sources, o->key);
	free(o);
}

/* Nobody has o in hand any more. */
static void
settle(struct server *sv, struct source *o)
{
	if (o->strangers || o->sessions) {
		if (!list_empty(&o->past))
			sv->npast--;
		list_del(&o->past);
		return;
	}
	if (!o->guesses.n && !o->since) {
		forget(sv, o);
		return;
	}
	if (list_empty(&o->past) && sv->npast++ >= SOURCE_MAX)
		forget(sv, list_item(sv->past.next, struct source, past));
	list_del(&o->past);
	list_add(&sv->past, &o->past);
}

struct source *
source_of(struct server *sv, const struct addr *from)
{
	uint64_t key = key_of(from);
	struct source *o = map_num(&sv->sources, key);

	if (o)
		return o;
	o = mem_new(struct source);
	o->key = key;
	list_init(&o->past);
	list_init(&o->turn);
	list_init(&o->fresh);
	list_init(&o->going);
	map_num_set(&sv->sources, key, o);
	return o;
}

static struct source *
by_text(struct server *sv, const char *from)
{
	struct addr a = { .len = 0 };

	addr_server(&a, from, 0);
	return source_of(sv, &a);
}

void
source_strangers(struct server *sv, struct source *o, int more)
{
	o->strangers += (unsigned)more;
	settle(sv, o);
}

struct source *
source_session(struct server *sv, const char *from)
{
	struct source *o = by_text(sv, from);

	o->sessions++;
	settle(sv, o);
	return o;
}

void
source_session_over(struct server *sv, struct source *o)
{
	o->sessions--;
	settle(sv, o);
}

uint32_t
source_guessed(struct server *sv, const char *from)
{
	struct source *o = by_text(sv, from);
	uint32_t ms = pace_guess(&o->guesses, loop_now(sv->l));

	settle(sv, o);
	return ms;
}

static void
tell_left_out(struct server *sv)
{
	static const char *const what[SAYINGS] = {
		[SAY_LOGIN] = "register control error",
		[SAY_VISIT] = "register visitor conn error",
		[SAY_WORK] = "No client control found",
		[SAY_TLS] = "TLS handshake failed",
		[SAY_GARBAGE] = "ended before it logged in",
	};
	int i;

	for (i = 0; i < SAYINGS; i++) {
		if (sv->left_out[i])
			log_warn(sv->log, "left out %u more lines like \"%s\"",
			    sv->left_out[i], what[i]);
		sv->left_out[i] = 0;
	}
}

static void
on_minute(struct timer *t, void *arg)
{
	(void)t;
	tell_left_out(arg);
}

static bool
may_say(struct server *sv, struct source *o, enum saying what)
{
	uint64_t now = loop_now(sv->l);

	if (now - o->since >= SAY_MS || !o->since) {
		memset(o->said, 0, sizeof(o->said));
		o->since = now;
	}
	if (o->said[what] >= SAY_EACH)
		return false;
	o->said[what]++;
	return pace_count(&sv->said[what], now, SAY_MS) <= SAY_ALL;
}

bool
source_may_say(struct server *sv, const char *from, enum saying what)
{
	struct source *o = by_text(sv, from);
	bool may = may_say(sv, o, what);

	settle(sv, o);
	if (may)
		return true;
	sv->left_out[what]++;
	if (!timer_active(&sv->minute))
		timer_start(&sv->minute, sv->l, SAY_MS, on_minute, sv);
	return false;
}

void
sources_end(struct server *sv)
{
	struct source *o;
	void *value;
	size_t i;

	timer_stop(&sv->minute);
	tell_left_out(sv);
	for (i = 0; map_each(&sv->sources, &i, &value);) {
		o = value;
		free(o);
	}
	map_free(&sv->sources);
}
