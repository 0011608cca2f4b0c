// SPDX-License-Identifier: MIT
/* The client's control stream: login, heartbeat, and what the server asks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/hello.h"
#include "core/mem.h"
#include "core/version.h"
#include "crypto/rand.h"
#include "net/client_internal.h"
#include "net/visitor.h"

void
client_key(const struct client *c, int64_t t, char to[static AUTH_KEY_LEN + 1])
{
	auth_key(to, c->token->text, t);
}

static void
write_out(struct client *c, struct buf *out)
{
	stream_put(c->ctl, buf_peek(out), buf_len(out));
	stream_flush(c->ctl);
	buf_free(out);
}

void
client_send(struct client *c, const struct msg *m)
{
	if (!c->control)
		return;
	control_put(c->control, m);
	write_out(c, control_out(c->control));
}

/* Go's word for the processor, as every frp client says it. */
static const char *
arch(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__i386__)
	return "386";
#elif defined(__arm__)
	return "arm";
#elif defined(__riscv)
	return "riscv64";
#elif defined(__MIPSEL__)
	return "mipsle";
#elif defined(__mips__)
	return "mips";
#else
	return "unknown";
#endif
}

static void
choose_token(struct client *c)
{
	token_file_refresh(c->tokens, c->log, loop_now(c->l));
	token_drop(c->token);
	c->token = token_keep(token_file_first(c->tokens));
}

static void
send_login(struct client *c)
{
	struct msg m = { .type = MSG_LOGIN };
	struct msg_login *in = &m.u.login;
	char key[AUTH_KEY_LEN + 1];
	struct utsname host;
	struct buf out = { 0 };

	choose_token(c);
	in->timestamp = loop_date();
	client_key(c, in->timestamp, key);
	in->version = (char *)(uintptr_t)FRP_VERSION;
	if (uname(&host) == 0)
		in->hostname = host.nodename;
	in->os = (char *)(uintptr_t)"linux";
	in->arch = (char *)(uintptr_t)arch();
	in->user = c->conf->user;
	in->privilege_key = key;
	in->run_id = c->run_id;
	in->client_id = c->conf->client_id;
	in->metas = c->conf->metas;
	in->pool_count = c->conf->pool_count;
	in->signs = 1;
	wire_put(&out, &m);
	write_out(c, &out);
	mem_wipe(key, sizeof(key));
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	client_lost(arg, "no answer to the login in 10 seconds (is "
			 "transport.tcpMux the same on both ends?)");
}

static void
on_ping_time(struct timer *t, void *arg)
{
	struct client *c = arg;
	struct msg m = { .type = MSG_PING };
	char key[AUTH_KEY_LEN + 1];

	if (c->conf->auth.heartbeats) {
		m.u.ping.timestamp = loop_date();
		client_key(c, m.u.ping.timestamp, key);
		m.u.ping.privilege_key = key;
	}
	timer_start(t, c->l, (uint64_t)c->conf->heartbeat_interval * 1000,
	    on_ping_time, c);
	client_send(c, &m);
}

static void
on_pong_late(struct timer *t, void *arg)
{
	struct client *c = arg;
	uint64_t limit = (uint64_t)c->conf->heartbeat_timeout * 1000;
	uint64_t silent = loop_now(c->l) - c->pong_at;

	if (silent < limit) {
		timer_start(t, c->l, limit - silent + 1, on_pong_late, c);
		return;
	}
	log_warn(c->log, "[%s] heartbeat timeout", c->tag);
	client_lost(c, "heartbeat timeout");
}

static void
start_heartbeat(struct client *c)
{
	c->pong_at = loop_now(c->l);
	if (c->conf->heartbeat_interval <= 0)
		return;
	on_ping_time(&c->ping, c);
	if (c->control && c->conf->heartbeat_timeout > 0)
		timer_start(&c->pong, c->l,
		    (uint64_t)c->conf->heartbeat_timeout * 1000, on_pong_late,
		    c);
}

static void
refused(struct client *c, const char *error)
{
	log_error(c->log, "%s", error);
	c->refused = true;
	c->stage = CLIENT_REFUSED;
	client_lost(c, error);
}

static void
logged_in(struct client *c, const struct msg_login_resp *m)
{
	uint8_t iv[CFB_IV_LEN];

	timer_stop(&c->login_late);
	wire_release(&c->wire);
	snprintf(c->run_id, sizeof(c->run_id), "%s",
	    m->run_id ? m->run_id : "");
	text_tag(c->tag, c->run_id);
	log_info(c->log, "[%s] login to server success, get run id [%s]",
	    c->tag, c->tag);
	rand_bytes(iv, sizeof(iv));
	c->control = control_new(c->token->text, iv);
	c->stage = CLIENT_SESSION;
	c->was_up = true;
	c->refused = false;
	c->early = m->early == 1;
	c->session++;
	c->up_since = loop_now(c->l);
	start_heartbeat(c);
	if (c->hooks && c->hooks->ready)
		c->hooks->ready(c->hooks->arg);
	visitors_start(c);
	client_proxies_start(c);
	client_room(c); /* for those who came before */
}

static void
on_pong(struct client *c, const char *error)
{
	if (error && *error) {
		log_error(c->log, "[%s] Pong message contains error: %s",
		    c->tag, error);
		client_lost(c, error);
		return;
	}
	c->pong_at = loop_now(c->l);
}

static void
on_message(struct client *c, const struct msg *m)
{
	switch (m->type) {
	case MSG_REQ_WORK_CONN:
		client_work(c);
		break;
	case MSG_NEW_PROXY_RESP:
		client_proxy_answer(c, &m->u.new_proxy_resp);
		break;
	case MSG_PONG:
		on_pong(c, m->u.pong.error);
		break;
	default:
		/* known, and nothing that we have asked for */
		log_debug(c->log, "[%s] ignored a message %s", c->tag,
		    msg_name(m->type));
		break;
	}
}

static void
read_control(struct client *c, const uint8_t *p, size_t n)
{
	unsigned session = c->session;
	struct msg m;
	int r = 0;

	control_feed(c->control, p, n);
	while (c->control && c->session == session &&
	    (r = control_next(c->control, &m)) > 0) {
		on_message(c, &m);
		msg_release(&m);
	}
	if (c->control && c->session == session && r < 0)
		client_lost(c, "the server's control messages make no sense "
			       "(is auth.token the same on both ends?)");
}

static void
read_answer(struct client *c, const uint8_t *p, size_t n)
{
	struct msg m;
	uint8_t first = *p;
	int r = wire_take(&c->wire, &p, &n, &m);

	if (r < 0)
		client_lost(c, hello_hint(first) ?
			hello_hint(first) :
			"the answer to the login makes no sense: is this an "
			"frp server?");
	if (r <= 0)
		return;
	if (m.type != MSG_LOGIN_RESP)
		client_lost(c, "the server answered the login with something "
			       "else");
	else if (m.u.login_resp.error && *m.u.login_resp.error)
		refused(c, m.u.login_resp.error);
	else
		logged_in(c, &m.u.login_resp);
	msg_release(&m);
	if (c->control && n)
		read_control(c, p, n);
}

static void
on_ctl(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct client *c = arg;

	switch (ev) {
	case STREAM_DATA:
		stream_consumed(s, n);
		if (c->control)
			read_control(c, p, n);
		else if (n)
			read_answer(c, p, n);
		break;
	case STREAM_EOF:
		client_cut(c, "EOF");
		break;
	case STREAM_ERROR:
		/* of a link that is down, what follows tells why */
		if (!c->link || !*link_why(c->link))
			client_cut(c, stream_why(s));
		break;
	default:
		break;
	}
}

void
client_login(struct client *c, struct stream *s)
{
	c->ctl = s;
	stream_on(s, on_ctl, c);
	stream_want(s, true);
	timer_start(&c->login_late, c->l, CLIENT_LOGIN_MS, on_late, c);
	send_login(c);
}

void
client_control_end(struct client *c)
{
	timer_stop(&c->login_late);
	timer_stop(&c->ping);
	timer_stop(&c->pong);
	wire_release(&c->wire);
	c->wire = (struct wire){ 0 };
	control_free(c->control);
	c->control = NULL;
	if (c->ctl) {
		/* its last bytes may fail: that is no second loss */
		struct stream *s = c->ctl;

		c->ctl = NULL;
		stream_on(s, NULL, NULL);
		stream_linger(s);
	}
}
