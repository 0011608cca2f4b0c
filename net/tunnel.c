// SPDX-License-Identifier: MIT
/* The forwards of one far side, and what is told about them. */
#include "net/tunnel_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

#define TOLD_MS	  60000 /* lines of one forward's trouble in the log: */
#define TOLD_MOST 10

void
forward_trouble(struct forward *f, const char *why)
{
	struct tunnel *t = f->t;

	snprintf(f->error, sizeof(f->error), "%s", why);
	f->error_at = loop_now(t->l);
	if (pace_count(&f->told, f->error_at, TOLD_MS) <= TOLD_MOST)
		log_warn(t->log, "[%s] %s", f->name, why);
	if (t->hooks.trouble)
		t->hooks.trouble(t->hooks.arg, f->spec, why);
}

void
forward_judge(struct forward *f, bool good)
{
	/* of a dynamic one a refusal says nothing about the next target */
	f->refused = !good && f->spec->kind != FORWARD_DYNAMIC;
}

static void
look_ready(struct tunnel *t)
{
	size_t i;

	if (t->ready || far_state(t->far) != FAR_UP)
		return;
	for (i = 0; i < t->conf.nremotes; i++)
		if (!t->remote_of[i]->answered)
			return;
	t->ready = true;
	if (t->hooks.ready)
		t->hooks.ready(t->hooks.arg);
}

static void
forget_remote(struct forward *f)
{
	free(f->at);
	f->at = NULL;
	f->answered = f->refused = false;
}

static void
on_far(void *arg, enum far_state s, const char *why, uint64_t ms)
{
	struct tunnel *t = arg;
	size_t i;

	for (i = 0; i < t->n; i++) {
		struct forward *f = &t->v[i];

		if (s != FAR_UP)
			f->refused = false;
		else if (f->spec->kind != FORWARD_REMOTE)
			forward_call_waiting(f);
		/* of its own a bastion tells whether they stay */
		if (f->spec->kind == FORWARD_REMOTE && s != FAR_UP &&
		    !f->spec->public)
			forget_remote(f);
	}
	if (t->hooks.far)
		t->hooks.far(t->hooks.arg, s, why, ms);
	look_ready(t);
}

static void
on_step(void *arg, const char *what)
{
	struct tunnel *t = arg;

	if (t->hooks.step)
		t->hooks.step(t->hooks.arg, what);
}

static void
on_note(void *arg, const char *text)
{
	struct tunnel *t = arg;

	if (t->hooks.note)
		t->hooks.note(t->hooks.arg, text);
}

static void
on_remote(void *arg, size_t i, const char *at, const char *why)
{
	struct tunnel *t = arg;
	struct forward *f = t->remote_of[i];

	forget_remote(f);
	f->answered = true;
	f->at = mem_dup(at);
	f->refused = !at;
	if (!at)
		forward_trouble(f, why ? why : "it is refused");
	else
		log_info(t->log, "[%s] users reach it at %s%s", f->name,
		    f->spec->public ? "PUBLIC " : "", at);
	look_ready(t);
}

static void
on_user(void *arg, size_t i, struct stream *s)
{
	struct tunnel *t = arg;

	forward_lead(t->remote_of[i], s);
}

static void
start_forward(struct forward *f, struct forward_fds *fds)
{
	size_t i;

	if (f->spec->udp) {
		forward_udp_start(f, fds);
		return;
	}
	for (i = 0; i < FORWARD_FDS; i++)
		if (fds->fd[i] >= 0)
			f->listener[i] = listen_adopt(f->t->l, fds->fd[i],
			    forward_accept, f);
}

static void
name_forward(struct forward *f)
{
	struct buf b = { 0 };

	forward_put_local(&b, f->spec);
	snprintf(f->name, sizeof(f->name), "%s", buf_text(&b));
	buf_free(&b);
}

/* Rows for all of them, and what the far side is to do with the remote ones. */
static void
make_rows(struct tunnel *t, const struct forward_specs *specs)
{
	size_t i, n = 0;

	t->n = specs->n;
	t->v = mem_zero(specs->n * sizeof(*t->v));
	t->remotes = mem_zero(specs->n * sizeof(*t->remotes));
	t->remote_of = mem_zero(specs->n * sizeof(*t->remote_of));
	for (i = 0; i < specs->n; i++) {
		const struct forward_spec *s = &specs->v[i];
		struct forward *f = &t->v[i];

		f->t = t;
		f->spec = s;
		list_init(&f->guests);
		name_forward(f);
		if (s->kind != FORWARD_REMOTE)
			continue;
		t->remotes[n] = (struct far_remote){ s->bind, s->public,
			s->port, s->host, s->to };
		t->remote_of[n++] = f;
	}
	t->conf.remotes = t->remotes;
	t->conf.nremotes = n;
}

static bool
datagrams_can_go(const struct tunnel *t, struct buf *why)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (!t->v[i].spec->udp || far_has_udp(t->far))
			continue;
		buf_printf(why, "'%s': datagrams cannot go %s", t->v[i].name,
		    t->conf.ssh ? "through ssh" : "to a service of its own");
		return false;
	}
	return true;
}

struct tunnel *
tunnel_new(struct loop *l, struct tunnel_sockets *taken,
    const struct forward_specs *specs, const struct far_conf *conf,
    const struct log *log, const struct tunnel_hooks *hooks, struct buf *why)
{
	struct tunnel *t = mem_new(struct tunnel);
	struct far_hooks far = { .state = on_far, .step = on_step,
		.note = on_note, .remote = on_remote, .user = on_user,
		.arg = t };
	size_t i;

	t->l = l;
	t->log = log;
	t->conf = *conf;
	if (hooks)
		t->hooks = *hooks;
	make_rows(t, specs);
	t->far = far_new(l, &t->conf, log, &far, why);
	if (!t->far || !datagrams_can_go(t, why)) {
		tunnel_free(t);
		tunnel_sockets_close(taken);
		return NULL;
	}
	for (i = 0; i < t->n; i++) {
		start_forward(&t->v[i], &taken->v[i]);
		taken->v[i] = (struct forward_fds){ { -1, -1 } };
	}
	tunnel_sockets_close(taken);
	return t;
}

void
tunnel_free(struct tunnel *t)
{
	size_t i, j;

	if (!t)
		return;
	for (i = 0; i < t->n; i++) {
		struct forward *f = &t->v[i];

		for (j = 0; j < FORWARD_FDS; j++)
			listen_close(f->listener[j]);
		forward_udp_stop(f);
		forward_end_guests(f);
		free(f->at);
	}
	far_free(t->far);
	resolver_free(t->resolver);
	free(t->v);
	free(t->remotes);
	free(t->remote_of);
	free(t);
}

struct far *
tunnel_far(struct tunnel *t)
{
	return t->far;
}

size_t
tunnel_forwards(const struct tunnel *t)
{
	return t->n;
}

static enum forward_state
state_of(const struct forward *f)
{
	if (far_state(f->t->far) != FAR_UP)
		return FORWARD_CONNECTING;
	if (f->refused)
		return FORWARD_REFUSED;
	if (f->spec->kind == FORWARD_REMOTE && !f->at)
		return FORWARD_CONNECTING;
	return FORWARD_UP;
}

void
tunnel_stat(const struct tunnel *t, size_t i, struct forward_stat *s)
{
	const struct forward *f = &t->v[i];

	*s = (struct forward_stat){ .spec = f->spec, .state = state_of(f),
		.at = f->at, .now = f->joined, .total = f->total,
		.waiting = f->waiting + f->calling, .up_bytes = f->up,
		.down_bytes = f->down, .error_at = f->error_at };
	snprintf(s->error, sizeof(s->error), "%s", f->error);
	forward_live_bytes(f, &s->up_bytes, &s->down_bytes);
	if (f->spec->udp)
		forward_udp_stat(f, s);
}
