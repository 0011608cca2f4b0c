// SPDX-License-Identifier: MIT
/* The process that keeps a tunnel up, in the background or not.  The first
 * attempt must go well, or it ends and says why; from then on nothing but an
 * order ends it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/caplog.h"
#include "cmd/logfile.h"
#include "cmd/tunnel.h"
#include "core/plain.h"
#include "net/admin.h"
#include "net/conn.h"

struct super {
	const struct tunnel_super_conf *conf;
	struct loop *l;
	struct log log;
	struct tunnel_fact fact;
	struct admin *admin;
	struct stream *parent; /* NULL: nobody waits any more */
	struct timer late, end;
	char ssh_dir[PLACE_SSH_DIR];
	bool ready, over;
	struct on_signal term, intr, hup;
};

static void
say(struct super *s, enum tunnel_word w, const char *text)
{
	char plain[1200], line[1300];
	int n;

	if (s->conf->parent < 0) {
		s->conf->say(s->conf->arg, w, text);
		return;
	}
	if (!s->parent)
		return;
	/* nobody puts a word of his own into a line of ours */
	plain_copy(plain, sizeof(plain), text);
	n = snprintf(line, sizeof(line), "%c%s\n", (char)w, plain);
	stream_put(s->parent, line, (size_t)n);
	stream_flush(s->parent);
}

static void
finish(struct super *s, int status)
{
	s->over = true;
	loop_stop(s->l, status);
}

static void
fail(struct super *s, const char *why)
{
	if (s->ready || s->over)
		return;
	log_error(&s->log, "%s", why);
	say(s, TUNNEL_FAIL, why);
	finish(s, 1);
}

static void
on_late(struct timer *t, void *arg)
{
	struct super *s = arg;
	struct far_stat st;
	char why[1200];

	(void)t;
	far_stat(tunnel_far(s->fact.tunnel), &st);
	snprintf(why, sizeof(why), "'%s' was not there within %.3g s%s%s",
	    s->fact.to, (double)s->conf->plan->timeout_ms / 1000,
	    *st.error ? ": " : "", st.error);
	fail(s, why);
}

static void
on_far(void *arg, enum far_state state, const char *why, uint64_t ms)
{
	struct super *s = arg;

	s->fact.state = state;
	s->fact.next = state == FAR_WAITING ? loop_now(s->l) + ms : 0;
	if (state == FAR_UP)
		log_info(&s->log, "'%s' is there", s->fact.to);
	else if (state != FAR_CONNECTING)
		fail(s, why ? why : "the far side ended");
}

static void
on_step(void *arg, const char *what)
{
	struct super *s = arg;

	if (!s->ready)
		say(s, TUNNEL_STEP, what);
}

/* In the foreground the log is seen by the same people. */
static void
on_note(void *arg, const char *text)
{
	struct super *s = arg;

	log_warn(&s->log, "%s", text);
	if (s->conf->parent >= 0)
		say(s, TUNNEL_NOTE, text);
}

/* "127.0.0.1:8000 -> gpu-1 localhost:8000" */
static void
put_forward(struct super *s, const struct forward_stat *st, struct buf *b)
{
	const char *to = s->fact.to;

	if (st->spec->kind == FORWARD_REMOTE) {
		buf_printf(b, "%s %s -> ", st->spec->public ? "PUBLIC" : to,
		    st->at);
		forward_put_target(b, st->spec);
		return;
	}
	forward_put_local(b, st->spec);
	buf_printf(b, " -> %s ", to);
	forward_put_target(b, st->spec);
}

static bool
remotes_stand(struct super *s)
{
	struct forward_stat st;
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < tunnel_forwards(s->fact.tunnel); i++) {
		tunnel_stat(s->fact.tunnel, i, &st);
		if (st.state != FORWARD_REFUSED)
			continue;
		buf_puts(&b, "-R '");
		forward_put_local(&b, st.spec);
		buf_puts(&b, ":");
		forward_put_target(&b, st.spec);
		buf_printf(&b, "': %s", st.error);
		fail(s, buf_text(&b));
		buf_free(&b);
		return false;
	}
	return true;
}

static void
on_ready(void *arg)
{
	struct super *s = arg;
	struct forward_stat st;
	struct buf b = { 0 };
	char pid[24];
	size_t i;

	if (s->over || !remotes_stand(s))
		return;
	s->ready = true;
	timer_stop(&s->late);
	for (i = 0; i < tunnel_forwards(s->fact.tunnel); i++) {
		tunnel_stat(s->fact.tunnel, i, &st);
		put_forward(s, &st, &b);
		log_info(&s->log, "%s", buf_text(&b));
		say(s, TUNNEL_LINE, buf_text(&b));
		buf_take(&b, buf_len(&b));
	}
	buf_free(&b);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	say(s, TUNNEL_READY, pid);
	stream_linger(s->parent);
	s->parent = NULL;
}

/* Who started it has gone, or was told to: nothing is left of it. */
static void
on_parent(struct stream *p, enum stream_event ev, const uint8_t *data,
    size_t n, void *arg)
{
	struct super *s = arg;

	(void)data;
	if (ev == STREAM_DATA)
		stream_consumed(p, n);
	if (ev != STREAM_EOF && ev != STREAM_ERROR)
		return;
	log_warn(&s->log, "who started it has gone before it stood");
	stream_close(s->parent);
	s->parent = NULL;
	finish(s, 1);
}

static void
on_end(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, 0);
}

static void
on_signal(void *arg, int number)
{
	struct super *s = arg;

	log_info(&s->log, "ends: signal %d", number);
	finish(s, s->ready ? 0 : 1);
}

static void
on_question(void *arg, const char *line, struct buf *answer)
{
	struct super *s = arg;
	struct value_error e;
	struct value *v = json_parse(line, strlen(line), &e);
	struct value *what = v && v->type == VALUE_TABLE ?
	    value_get(v, "do") : NULL;
	const char *word = what && what->type == VALUE_STR ? what->text : "";

	if (strcmp(word, "status") == 0) {
		s->fact.now = loop_now(s->l);
		tunnel_report(answer, &s->fact);
	} else if (strcmp(word, "stop") == 0) {
		log_info(&s->log, "ends: it was asked to");
		buf_printf(answer, "{\"pid\":%d}", (int)getpid());
		/* the answer goes out first */
		timer_start(&s->end, s->l, 1, on_end, s);
	} else {
		buf_puts(answer, "{\"error\":\"do what? status or stop\"}");
	}
	value_free(v);
}

static bool
open_admin(struct super *s)
{
	const struct place *p = s->conf->place;
	char path[PLACE_NAME_MAX + 64], file[PLACE_NAME_MAX + 16], why[200];
	int fd;

	unlinkat(p->dir, place_file(file, s->fact.name, PLACE_SOCKET), 0);
	fd = admin_bind(place_socket(path, p, s->fact.name));
	if (fd >= 0) {
		s->admin = admin_new(s->l, fd, on_question, s);
		return true;
	}
	snprintf(why, sizeof(why), "cannot make the socket '%s/%s': %s",
	    p->path, file, strerror(errno));
	fail(s, why);
	return false;
}

/* The master of ssh has its socket in a directory of its own. */
static bool
open_ssh_dir(struct super *s)
{
	struct tunnel_plan *plan = s->conf->plan;
	struct buf why = { 0 };

	if (plan->far.ssh && place_ssh_dir(s->ssh_dir, s->conf->place,
	    s->fact.name, &why) < 0)
		fail(s, buf_text(&why));
	plan->ssh.dir = s->ssh_dir;
	buf_free(&why);
	return !s->over;
}

static void
watch_signals(struct super *s)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* of a log that may not grow */
	loop_signal(s->l, &s->term, SIGTERM, on_signal, s);
	loop_signal(s->l, &s->intr, SIGINT, on_signal, s);
	if (s->conf->parent < 0)
		loop_hangup(s->l, &s->hup, on_signal, on_signal, s);
	else
		signal(SIGHUP, SIG_IGN);
}

static bool
open_tunnel(struct super *s)
{
	struct tunnel_plan *plan = s->conf->plan;
	struct tunnel_hooks hooks = { .far = on_far, .step = on_step,
		.note = on_note, .ready = on_ready, .arg = s };
	struct buf why = { 0 };

	s->fact.tunnel = tunnel_new(s->l, plan->sockets, &plan->specs,
	    &plan->far, &s->log, &hooks, &why);
	plan->sockets = NULL;
	if (!s->fact.tunnel)
		fail(s, buf_text(&why));
	buf_free(&why);
	return s->fact.tunnel != NULL;
}

static void
close_all(struct super *s)
{
	timer_stop(&s->late);
	timer_stop(&s->end);
	tunnel_free(s->fact.tunnel);
	admin_free(s->admin);
	/* the ports are free by now: so may its name be, and who waits know */
	place_clear(s->conf->place, s->fact.name);
	stream_linger(s->parent);
	loop_signal_stop(s->l, &s->term);
	loop_signal_stop(s->l, &s->intr);
	loop_signal_stop(s->l, &s->hup);
	relay_break_all(s->l);
	conn_end_all(s->l);
	loop_free(s->l);
}

static int
run(struct super *s)
{
	int status = 1;

	loop_descriptors();
	watch_signals(s);
	if (s->conf->parent >= 0) {
		s->parent = conn_new(s->l, s->conf->parent);
		stream_on(s->parent, on_parent, s);
		stream_want(s->parent, true);
	}
	if (open_admin(s) && open_ssh_dir(s) && open_tunnel(s)) {
		timer_start(&s->late, s->l,
		    (uint64_t)s->conf->plan->timeout_ms, on_late, s);
		status = loop_run(s->l);
	}
	close_all(s);
	return status;
}

int
tunnel_super(const struct tunnel_super_conf *conf)
{
	struct super s = { .conf = conf };
	enum log_level level = conf->console->verbose ? LOG_DEBUG : LOG_INFO;
	char name[PLACE_NAME_MAX + 16], old[PLACE_NAME_MAX + 16];
	struct log_conf console = { .no_color = !isatty(2) };
	struct logfile *shown = NULL;
	struct caplog *file = NULL;
	int status;

	s.fact.name = conf->plan->name;
	s.fact.to = conf->plan->far_name;
	if (conf->parent < 0) {
		shown = logfile_new(&console, conf->console, 2);
		s.log = logfile_log(shown, level);
	} else {
		file = caplog_new(conf->place->dir,
		    place_file(name, s.fact.name, PLACE_LOG),
		    place_file(old, s.fact.name, PLACE_OLD_LOG), CAPLOG_SIZE,
		    true);
		s.log = caplog_log(file, level);
	}
	s.l = loop_new(&s.log);
	status = run(&s);
	logfile_free(shown);
	caplog_free(file);
	return status;
}
