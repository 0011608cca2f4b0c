// SPDX-License-Identifier: MIT
/* What a tunnel says of itself, as one JSON object. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/tunnel.h"
#include "core/json.h"

static void
put_text(struct buf *b, const char *key, const char *s)
{
	buf_printf(b, ",\"%s\":", key);
	json_put_str(b, s, strlen(s));
}

static void
put_number(struct buf *b, const char *key, uint64_t v)
{
	buf_printf(b, ",\"%s\":%" PRIu64, key, v);
}

static const char *
far_text(enum far_state s)
{
	static const char *const words[] = { "connecting", "up", "waiting",
		"over" };

	return words[s];
}

static void
put_forward(struct buf *b, const struct forward_stat *s, uint64_t now)
{
	static const char *const kinds[] = { "local", "dynamic", "remote" };
	static const char *const states[] = { "connecting", "up", "refused" };
	struct buf local = { 0 }, target = { 0 };
	struct forward_spec f = *s->spec;

	f.public = false; /* which is a member of its own */
	forward_put_local(&local, &f);
	forward_put_target(&target, s->spec);
	buf_printf(b, "{\"kind\":\"%s\",\"udp\":%s", kinds[s->spec->kind],
	    s->spec->udp ? "true" : "false");
	if (s->spec->kind == FORWARD_REMOTE) {
		put_text(b, "local", buf_text(&target));
		put_text(b, "remote", s->at ? s->at : buf_text(&local));
		buf_printf(b, ",\"public\":%s",
		    s->spec->public ? "true" : "false");
	} else {
		put_text(b, "local", buf_text(&local));
		put_text(b, "remote", buf_text(&target));
	}
	put_text(b, "state", states[s->state]);
	put_number(b, "connections", s->now);
	put_number(b, "total", s->total);
	put_number(b, "waiting", s->waiting);
	put_number(b, "sent", s->up_bytes);
	put_number(b, "received", s->down_bytes);
	put_text(b, "error", s->error);
	if (*s->error)
		put_number(b, "errorAgeMs", now - s->error_at);
	buf_puts(b, "}");
	buf_free(&local);
	buf_free(&target);
}

void
tunnel_report(struct buf *to, const struct tunnel_fact *f)
{
	struct forward_stat forward;
	struct far_stat far;
	size_t i;

	far_stat(tunnel_far(f->tunnel), &far);
	buf_puts(to, "{\"name\":");
	json_put_str(to, f->name, strlen(f->name));
	buf_puts(to, ",\"running\":true");
	put_number(to, "pid", (uint64_t)getpid());
	put_text(to, "to", f->to);
	put_text(to, "state", far_text(f->state));
	put_number(to, "since", (uint64_t)loop_date() -
	    (f->now - far.since) / 1000);
	put_number(to, "stateAgeMs", f->now - far.since);
	put_number(to, "reconnects", far.reconnects);
	if (f->next)
		put_number(to, "retryMs", f->next > f->now ?
		    f->next - f->now : 0);
	if (far.rtt_us >= 0) {
		put_number(to, "rttUs", (uint64_t)far.rtt_us);
		put_number(to, "rttAgeMs", f->now - far.rtt_at);
	}
	put_text(to, "error", far.error);
	buf_puts(to, ",\"forwards\":[");
	for (i = 0; i < tunnel_forwards(f->tunnel); i++) {
		tunnel_stat(f->tunnel, i, &forward);
		buf_puts(to, i ? "," : "");
		put_forward(to, &forward, f->now);
	}
	buf_puts(to, "]}");
}
