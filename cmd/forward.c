// SPDX-License-Identifier: MIT
/* forward WORKER PORT...: ports of a worker as ports of this machine, for as
 * long as it runs. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/browse.h"
#include "cmd/people.h"
#include "cmd/progress.h"
#include "core/mem.h"
#include "net/tunnel.h"

struct forward_opts {
	struct people_opts people;
	char *host, *proto;
	int64_t port;
	bool open;
};

#define AT(field) offsetof(struct forward_opts, field)
#define QUIET_MS 10000 /* for a trouble that was told just before */

static const struct opt own_opts[] = {
	{ 0, "local-host", NULL, "address of this machine to listen on, * for "
	  "all", &opt_str, AT(host), NULL },
	{ 'l', "local-port", NULL, "port of this machine, where it is not to "
	  "be the same", &opt_int, AT(port), NULL },
	{ 0, "open", NULL, "open http:// of the port in a browser", &opt_bool,
	  AT(open), NULL },
	{ 0, "proto", "tcp", "tcp or udp", &opt_str, AT(proto), NULL },
	{ 0 },
};

struct run {
	const struct call *call;
	struct person person;
	struct forward_specs specs;
	struct loop *l;
	struct say say;
	struct log log;
	struct far_conf far;
	struct tunnel *tunnel;
	struct progress progress;
	struct on_signal on_int, on_term, on_child;
	bool ready, lost;
	char why[1000]; /* why it ends, once it does */
	char told[1000]; /* the last trouble, and when */
	uint64_t told_at;
};

/* Colons that are not within the brackets of an IPv6 address. */
static int
count_colons(const char *s)
{
	int n = 0, inside = 0;

	for (; *s; s++) {
		inside += (*s == '[') - (*s == ']');
		n += *s == ':' && inside == 0;
	}
	return n;
}

/* PORT, LOCAL:PORT or LOCAL:HOST:PORT, as -L of a tunnel has it. */
static int
add_port(struct forward_specs *specs, const struct forward_opts *o,
    const char *word, struct buf *why)
{
	int colons = count_colons(word), r;
	const char *colon = strchr(word, ':');
	struct buf text = { 0 };

	if (colons > 2 || strchr(word, '/')) {
		buf_printf(why, "'%.100s': it is PORT, LOCAL:PORT or "
		    "LOCAL:HOST:PORT", word);
		return -1;
	}
	if (o->host)
		buf_printf(&text, strchr(o->host, ':') ? "[%s]:" : "%s:",
		    o->host);
	if (o->port)
		buf_printf(&text, "%d:localhost:%s", (int)o->port, word);
	else if (colons == 0)
		buf_printf(&text, "%s:localhost:%s", word, word);
	else if (colons == 1)
		buf_printf(&text, "%.*s:localhost:%s", (int)(colon - word),
		    word, colon + 1);
	else
		buf_puts(&text, word);
	if (strcmp(o->proto, "udp") == 0)
		buf_puts(&text, "/udp");
	r = forward_specs_add(specs, FORWARD_LOCAL, buf_text(&text), why);
	buf_free(&text);
	return r;
}

/* <0: why says what is wrong with the command line. */
static int
take_words(struct forward_specs *specs, const struct call *c, struct buf *why)
{
	const struct forward_opts *o = c->record;
	const struct opt_result *given = c->given;
	bool udp = strcmp(o->proto, "udp") == 0;
	size_t i;

	if (given->nwords < 2)
		buf_puts(why, given->nwords ? "which PORT of the worker?" :
					      "which WORKER, and which PORT?");
	else if (!udp && strcmp(o->proto, "tcp") != 0)
		buf_printf(why, "--proto '%.100s': it is tcp or udp",
		    o->proto);
	else if (udp && o->open)
		buf_puts(why, "--open is for tcp");
	else if (opt_was_given(given, "local-port") &&
	    (o->port < 1 || o->port > 65535))
		buf_puts(why, "--local-port is a number from 1 to 65535");
	else if (o->port && (given->nwords > 2 ||
	    count_colons(given->words[1]) > 0))
		buf_puts(why, "--local-port is for one PORT alone; write "
		    "LOCAL:PORT for each");
	else if (o->host && !*o->host)
		buf_puts(why, "--local-host is empty");
	for (i = 1; i < given->nwords && buf_len(why) == 0; i++)
		if (add_port(specs, o, given->words[i], why) < 0)
			return -1;
	return buf_len(why) ? -1 : 0;
}

/* "127.0.0.1:9301 is taken by …": the port is what people look for. */
static int
cannot_bind(struct buf *why)
{
	const char *text = buf_text(why), *taken, *port;

	taken = strstr(text, " is taken by ");
	for (port = taken; port && port > text && port[-1] != ':'; port--)
		continue;
	if (!taken || port == text)
		return say_error(text);
	say_line(stderr, "Error: Port %.*s is already in use. It%s.",
	    (int)strspn(port, "0123456789"), port, taken);
	return 1;
}

/* The same is not told again and again. */
static void
tell(struct run *r, const char *text)
{
	uint64_t now = loop_now(r->l);

	progress_done(&r->progress);
	if (strcmp(text, r->told) == 0 && now - r->told_at < QUIET_MS)
		return;
	snprintf(r->told, sizeof(r->told), "%s", text);
	r->told_at = now;
	say_err(&r->say, "culvert: %s", text);
}

static void
on_far(void *arg, enum far_state s, const char *why, uint64_t ms)
{
	struct run *r = arg;

	(void)ms;
	if (s == FAR_OVER || (s == FAR_WAITING && !r->ready)) {
		progress_done(&r->progress);
		snprintf(r->why, sizeof(r->why), "%s", why ? why : "it ended");
		loop_stop(r->l, 1);
	} else if (s == FAR_WAITING) {
		r->lost = true;
		tell(r, why ? why : "the connection is lost");
	} else if (s == FAR_UP && r->lost) {
		r->lost = false;
		tell(r, "connected again");
	}
}

static void
on_step(void *arg, const char *what)
{
	struct run *r = arg;

	if (!r->ready)
		progress_step(&r->progress, what);
}

static void
on_note(void *arg, const char *text)
{
	struct run *r = arg;

	progress_done(&r->progress);
	say_err(&r->say, "%s", text);
}

static void
on_trouble(void *arg, const struct forward_spec *f, const char *why)
{
	struct run *r = arg;
	struct buf text = { 0 };

	forward_put_target(&text, f);
	buf_printf(&text, ": %s", why);
	if (r->ready)
		tell(r, buf_text(&text));
	buf_free(&text);
}

static void
open_page(struct run *r)
{
	struct buf url = { 0 }, why = { 0 };
	struct forward_spec at = r->specs.v[0];

	/* a browser cannot go to "every address" */
	if (at.bind && (strcmp(at.bind, "*") == 0 ||
	    strcmp(at.bind, "0.0.0.0") == 0 || strcmp(at.bind, "::") == 0))
		at.bind = NULL;
	buf_puts(&url, "http://");
	forward_put_local(&url, &at);
	buf_puts(&url, "/");
	if (browse(buf_text(&url), r->call->env, &why) < 0)
		say_err(&r->say, "culvert: %s: open %s yourself",
		    buf_text(&why), buf_text(&url));
	buf_free(&url);
	buf_free(&why);
}

static void
on_ready(void *arg)
{
	struct run *r = arg;
	const struct forward_opts *o = r->call->record;
	struct buf text = { 0 };
	size_t i;

	r->ready = true;
	progress_done(&r->progress);
	for (i = 0; i < r->specs.n; i++) {
		buf_puts(&text, "Forwarding ");
		forward_put_local(&text, &r->specs.v[i]);
		buf_printf(&text, " -> %s ", r->person.worker);
		forward_put_target(&text, &r->specs.v[i]);
		say_out(&r->say, "%s", buf_text(&text));
		buf_take(&text, buf_len(&text));
	}
	say_out(&r->say, "Press Ctrl+C to stop.");
	buf_free(&text);
	if (o->open)
		open_page(r);
}

static void
on_end(void *arg, int number)
{
	struct run *r = arg;

	(void)number;
	progress_done(&r->progress);
	if (isatty(1)) {
		say_out(&r->say, "%s", "");
		say_out(&r->say, "Stopped.");
	}
	loop_stop(r->l, 0);
}

static void
on_child(void *arg, int number)
{
	(void)arg;
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static int
serve(struct run *r, struct tunnel_sockets *sockets)
{
	const struct forward_opts *o = r->call->record;
	const struct tunnel_hooks hooks = { .far = on_far, .step = on_step,
		.note = on_note, .ready = on_ready, .trouble = on_trouble,
		.arg = r };
	struct buf why = { 0 };
	int status;

	loop_descriptors();
	r->say = (struct say)SAY_START(o->people.verbose);
	r->log = say_log(&r->say);
	r->l = loop_new(&r->log);
	loop_signal(r->l, &r->on_int, SIGINT, on_end, r);
	loop_signal(r->l, &r->on_term, SIGTERM, on_end, r);
	loop_signal(r->l, &r->on_child, SIGCHLD, on_child, r);
	progress_start(&r->progress, r->l, &r->say);
	person_far(&r->person, &r->far);
	r->tunnel = tunnel_new(r->l, sockets, &r->specs, &r->far, &r->log,
	    &hooks, &why);
	status = r->tunnel ? loop_run(r->l) : say_error(buf_text(&why));
	progress_done(&r->progress);
	tunnel_free(r->tunnel);
	relay_break_all(r->l);
	conn_end_all(r->l);
	loop_free(r->l);
	say_last(&r->log, SAY_LAST_MS);
	say_close(&r->say);
	if (*r->why)
		say_error(r->why);
	buf_free(&why);
	return status;
}

static int
run_forward(const struct call *c)
{
	struct forward_opts *o = c->record;
	struct run r = { .call = c };
	struct tunnel_sockets *sockets = NULL;
	struct buf why = { 0 };
	int status;

	if (take_words(&r.specs, c, &why) < 0)
		status = applet_misuse(c, buf_text(&why));
	else if (person_read(&r.person, &o->people, c->env, &why) < 0)
		status = say_errors(buf_text(&why));
	else if (person_lead(&r.person, &o->people, c->env, c->given->words[0],
		false, &why) < 0)
		status = say_error(buf_text(&why));
	else if (tunnel_bind(&sockets, &r.specs, false, &why) < 0)
		status = cannot_bind(&why);
	else
		status = serve(&r, sockets);
	forward_specs_release(&r.specs);
	person_release(&r.person);
	buf_free(&why);
	return status;
}

const struct applet applet_forward = {
	.root = { .name = "forward",
	    .brief = "ports of a worker as ports of this machine",
	    .words = "WORKER PORT...", .takes = TAKES_WORKER,
	    .opts = { own_opts, people_opts },
	    .run = run_forward },
	.record = sizeof(struct forward_opts),
	.misuse = 2,
};
