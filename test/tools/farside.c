// SPDX-License-Identifier: MIT
/* farside KEY=VALUE...: a far side by itself, and a port here for each target.
 *
 *	bastion=HOST:PORT token= worker= secret= user= server_user= tls=0 mux=0
 *	ssh=HOST:PORT login= key= jump= program= known_hosts= dir= ask=1
 *	plain=1 once=1 to=HOST:PORT
 *	remote=[public@|BIND@]PORT:HOST:PORT
 *
 * Says a line for each event: "port N HOST:PORT", "state up", "state waiting
 * MS WHY", "step WHAT", "remote I AT", "remote I - WHY", "call failed: WHY",
 * "call ended UP DOWN".  Lines to it: retry, stat, again (a new far side),
 * quit. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/version.h"
#include "net/far.h"
#include "net/hold.h"
#include "net/listen.h"
#include "net/relay.h"

#define MOST 8

struct tool {
	struct loop *l;
	struct client_conf client;
	struct client_files files;
	struct token_file tokens;
	struct far_ssh_conf ssh;
	struct far_remote remotes[MOST];
	struct far_conf conf;
	struct far *far;
	struct target {
		struct tool *tool;
		const char *host;
		int port;
		struct listener *listener;
	} targets[MOST];
	size_t ntargets;
	struct log log;
	ev_io in;
	ev_signal term;
};

struct guest {
	struct tool *tool;
	struct hold hold;
	struct far_call *call;
	struct deferred gone;
};

static void
to_stderr(void *arg, enum log_level level, const char *where, const char *text)
{
	(void)arg;
	(void)level;
	(void)where;
	fprintf(stderr, "log: %s\n", text);
}

static void
on_state(void *arg, enum far_state s, const char *why, uint64_t ms)
{
	static const char *const names[] = { "connecting", "up", "waiting",
		"over" };

	(void)arg;
	if (s == FAR_WAITING)
		printf("state waiting %d %s\n", (int)ms, why);
	else
		printf("state %s%s%s\n", names[s], s == FAR_OVER ? " " : "",
		    s == FAR_OVER ? why : "");
	fflush(stdout);
}

static void
on_step(void *arg, const char *what)
{
	(void)arg;
	printf("step %s\n", what);
	fflush(stdout);
}

static void
on_remote(void *arg, size_t i, const char *at, const char *why)
{
	(void)arg;
	printf("remote %zu %s%s%s\n", i, at ? at : "-", at ? "" : " ",
	    at ? "" : why);
	fflush(stdout);
}

static void
free_guest(struct deferred *d)
{
	struct guest *g = list_item(d, struct guest, gone);

	hold_release(&g->hold);
	free(g);
}

static void
on_broken(void *arg)
{
	struct guest *g = arg;

	far_cancel(g->call);
	stream_close(g->hold.s);
	loop_defer(g->tool->l, &g->gone, free_guest);
}

static void
on_called(void *arg, struct stream *s, const char *error)
{
	struct guest *g = arg;

	g->call = NULL;
	if (s) {
		hold_join(&g->hold, g->tool->l, s);
	} else {
		printf("call failed: %s\n", error);
		fflush(stdout);
		stream_close(g->hold.s);
	}
	loop_defer(g->tool->l, &g->gone, free_guest);
}

static void
on_guest(void *arg, int fd, const struct addr *from)
{
	struct target *t = arg;
	struct offer_want want = { .host = t->host, .port = t->port };
	struct guest *g = mem_new(struct guest);

	(void)from;
	g->tool = t->tool;
	hold_start(&g->hold, conn_new(t->tool->l, fd), on_broken, g);
	g->call = far_call(t->tool->far, &want, on_called, g);
}

static char *
cut(char *text, char at)
{
	char *p = strrchr(text, at);

	if (!p) {
		fprintf(stderr, "'%s' lacks a '%c'\n", text, at);
		exit(2);
	}
	*p = '\0';
	return p + 1;
}

static void
take_target(struct tool *t, char *text)
{
	struct target *to = &t->targets[t->ntargets++];

	to->tool = t;
	to->port = atoi(cut(text, ':'));
	to->host = text;
}

static void
take_remote(struct tool *t, char *text)
{
	struct far_remote *r = &t->remotes[t->conf.nremotes++];
	char *bind = strchr(text, '@');

	r->to = atoi(cut(text, ':'));
	r->host = cut(text, ':');
	if (bind) {
		*bind = '\0';
		r->public = strcmp(text, "public") == 0;
		r->bind = r->public ? NULL : text;
		text = bind + 1;
	}
	r->port = atoi(text);
}

static void
take_bastion(struct tool *t, char *text)
{
	t->client.server_port = atoi(cut(text, ':'));
	t->client.server_addr = mem_dup(text);
	t->conf.bastion = &t->client;
}

static void
take_ssh(struct tool *t, char *text)
{
	t->ssh.port = atoi(cut(text, ':'));
	t->ssh.host = text;
	t->conf.ssh = &t->ssh;
}

static void
take(struct tool *t, char *key)
{
	char *v = strchr(key, '=');
	const struct {
		const char *key, **to;
	} texts[] = {
		{ "worker", &t->conf.worker }, { "secret", &t->conf.secret },
		{ "server_user", &t->conf.server_user },
		{ "login", &t->ssh.user }, { "key", &t->ssh.key },
		{ "program", &t->ssh.program }, { "dir", &t->ssh.dir },
		{ "jump", &t->ssh.jump },
		{ "known_hosts", &t->ssh.known_hosts },
	};
	size_t i;

	if (!v)
		exit(2);
	*v++ = '\0';
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(key, texts[i].key) == 0)
			*texts[i].to = v;
	if (strcmp(key, "bastion") == 0)
		take_bastion(t, v);
	else if (strcmp(key, "ssh") == 0)
		take_ssh(t, v);
	else if (strcmp(key, "to") == 0)
		take_target(t, v);
	else if (strcmp(key, "remote") == 0)
		take_remote(t, v);
	else if (strcmp(key, "token") == 0)
		token_file_set(&t->tokens, v);
	else if (strcmp(key, "user") == 0)
		t->client.user = mem_dup(v);
	else if (strcmp(key, "tls") == 0)
		t->client.tls_enable = *v == '1';
	else if (strcmp(key, "mux") == 0)
		t->client.tcp_mux = *v == '1';
	else if (strcmp(key, "plain") == 0)
		t->conf.plain = true;
	else if (strcmp(key, "ask") == 0)
		t->ssh.ask = true;
	else if (strcmp(key, "once") == 0)
		t->conf.once = true;
}

static void
make_far(struct tool *t)
{
	static const struct far_hooks hooks = { .state = on_state,
		.step = on_step, .remote = on_remote };
	struct buf why = { 0 };

	t->far = far_new(t->l, &t->conf, &t->log, &hooks, &why);
	if (!t->far) {
		printf("no far side: %s\n", buf_text(&why));
		exit(1);
	}
}

static void
say_stat(const struct tool *t)
{
	struct far_stat s;

	far_stat(t->far, &s);
	printf("stat reconnects=%d rtt=%d pid=%d error=%s\n",
	    (int)s.reconnects, (int)s.rtt_us, s.pid, s.error);
	fflush(stdout);
}

static void
obey(struct tool *t, const char *word)
{
	if (strcmp(word, "quit") == 0) {
		loop_stop(t->l, 0);
	} else if (strcmp(word, "retry") == 0) {
		far_retry(t->far);
	} else if (strcmp(word, "stat") == 0) {
		say_stat(t);
	} else if (strcmp(word, "again") == 0) {
		far_free(t->far);
		make_far(t);
	}
}

static void
on_line(struct ev_loop *ev, ev_io *w, int revents)
{
	struct tool *t = w->data;
	char line[100], *word;
	ssize_t n = read(0, line, sizeof(line) - 1);

	(void)ev;
	(void)revents;
	if (n <= 0) {
		loop_stop(t->l, 0);
		return;
	}
	line[n] = '\0';
	for (word = strtok(line, "\n"); word; word = strtok(NULL, "\n"))
		obey(t, word);
}

/* Asked to end, it ends in good order: the ssh of one that is merely killed
 * hears of that from the kernel, between its look at that and its sleep
 * perhaps, and then it sleeps until its next sign of life to the server. */
static void
on_term(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct tool *t = w->data;

	(void)ev;
	(void)revents;
	loop_stop(t->l, 0);
}

static void
listen_for(struct tool *t, struct target *to)
{
	struct addr at;

	addr_literal(&at, "127.0.0.1", 0);
	to->listener = listen_new(t->l, &at, on_guest, to);
	if (!to->listener)
		exit(1);
	printf("port %d %s:%d\n", listen_port(to->listener), to->host,
	    to->port);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct tool t = { .log = { LOG_INFO, to_stderr, NULL, NULL } };
	size_t i;

	config_client_defaults(&t.client);
	t.conf.remotes = t.remotes;
	t.conf.files = &t.files;
	t.files.tokens = &t.tokens;
	token_file_set(&t.tokens, NULL);
	for (i = 1; i < (size_t)argc; i++)
		take(&t, argv[i]);
	config_client_complete(&t.client);
	t.l = loop_new(&t.log);
	for (i = 0; i < t.ntargets; i++)
		listen_for(&t, &t.targets[i]);
	make_far(&t);
	fcntl(0, F_SETFL, O_NONBLOCK);
	ev_io_init(&t.in, on_line, 0, EV_READ);
	t.in.data = &t;
	ev_io_start(t.l->ev, &t.in);
	ev_signal_init(&t.term, on_term, SIGTERM);
	t.term.data = &t;
	ev_signal_start(t.l->ev, &t.term);
	loop_run(t.l);
	far_free(t.far);
	relay_break_all(t.l);
	for (i = 0; i < t.ntargets; i++)
		listen_close(t.targets[i].listener);
	conn_end_all(t.l);
	ev_io_stop(t.l->ev, &t.in);
	ev_signal_stop(t.l->ev, &t.term);
	loop_free(t.l);
	token_file_release(&t.tokens);
	config_client_release(&t.client);
	return 0;
}
