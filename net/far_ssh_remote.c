// SPDX-License-Identifier: MIT
/* Listeners there, asked for through the master so that each has an answer of
 * its own and none ends the connection. */
#include "net/far_ssh.h"

#include "core/mem.h"

#define REMOTE_MS 30000 /* a refused one is asked for again, as of bastions */

static void ask_remote(struct ssh_remote *r);

static void
on_remote_again(struct timer *t, void *arg)
{
	(void)t;
	ask_remote(arg);
}

static void
on_remote(void *arg, const struct ssh_mux_msg *m)
{
	struct ssh_remote *r = arg;
	struct ssh_side *x = r->side;
	const struct far_remote *want = &x->f->conf->remotes[r->i];
	struct buf at = { 0 };

	if (m && (m->type == SSH_MUX_HELLO || m->type == SSH_MUX_OTHER))
		return;
	ssh_line_close(r->line);
	r->line = NULL;
	if (m && (m->type == SSH_MUX_OK || m->type == SSH_MUX_PORT)) {
		buf_printf(&at, want->bind && strchr(want->bind, ':') ?
		    "[%s]:%d" : "%s:%d", want->bind ? want->bind :
		    "localhost", m->type == SSH_MUX_PORT ? (int)m->number :
		    want->port);
		far_remote(x->f, r->i, buf_text(&at), NULL);
	} else {
		if (m && m->type == SSH_MUX_NO)
			buf_printf(&at, "%.*s (is the port taken there?)",
			    (int)min_size(m->text.n, 200), m->text.p);
		else
			buf_puts(&at, "ssh did not take it");
		timer_start(&r->again, x->f->l, REMOTE_MS, on_remote_again,
		    r);
		far_remote(x->f, r->i, NULL, buf_text(&at));
	}
	buf_free(&at);
}

static void
ask_remote(struct ssh_remote *r)
{
	struct ssh_side *x = r->side;
	const struct far_remote *want = &x->f->conf->remotes[r->i];
	struct buf request = { 0 };
	struct ssh_line_ask ask = { .path = buf_text(&x->path),
		.request = &request };

	ssh_mux_put_remote(&request, 1, want->bind ? want->bind : "",
	    want->port, want->host, want->to);
	r->line = ssh_line_new(x->f->l, &ask, on_remote, r);
	buf_free(&request);
}

void
ssh_remotes_start(struct ssh_side *x)
{
	size_t i;

	for (i = 0; i < x->f->conf->nremotes; i++)
		ask_remote(&x->remotes[i]);
}

void
ssh_remotes_end(struct ssh_side *x, const char *why)
{
	size_t i;

	for (i = 0; i < x->f->conf->nremotes; i++) {
		ssh_line_close(x->remotes[i].line);
		x->remotes[i].line = NULL;
		timer_stop(&x->remotes[i].again);
		if (why)
			far_remote(x->f, i, NULL, why);
	}
}
