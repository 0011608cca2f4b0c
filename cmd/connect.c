// SPDX-License-Identifier: MIT
/* connect WORKER: ssh to a worker, or with --stdio the bare bytes of one of
 * its ports, for whatever takes a ProxyCommand. */
#include "cmd/connect.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/number.h"
#include "cmd/reach.h"
#include "net/stdio.h"

#define AT(field) offsetof(struct connect_opts, field)

static const struct opt own_opts[] = {
	{ 0, "key", NULL, "file of the key to log in with, as ssh's -i",
	  &opt_str, AT(key), NULL },
	{ 'p', "port", NULL, "port of the worker, instead of its sshPort or "
	  "22", &opt_int, AT(port), NULL },
	{ 0, "print-ssh-config", NULL, "write what ~/.ssh/config needs for "
	  "'ssh WORKER.worker'", &opt_bool, AT(print), NULL },
	{ 0, "stdio", NULL, "no ssh: standard input and output are the "
	  "connection", &opt_bool, AT(stdio), NULL },
	{ 0, "tcp", NULL, "instead of a worker: a service of type stcp, by "
	  "its name at the bastion", &opt_str, AT(tcp), NULL },
	{ 0, "user", NULL, "user to log in as, as ssh's -l", &opt_str,
	  AT(user), NULL },
	{ 0 },
};

int
connect_failed(const char *why)
{
	say_error(why);
	return CONNECT_FAILED;
}

struct bare { /* --stdio */
	struct reach reach;
	struct say say;
	struct stdio *stdio;
};

static void
on_done(void *arg, const char *why)
{
	struct bare *b = arg;

	b->stdio = NULL;
	reach_end(&b->reach, why ? connect_failed(why) : 0);
}

static void
on_reached(void *arg, struct stream *s, const char *why)
{
	struct bare *b = arg;

	if (!s) {
		stdio_free(b->stdio);
		b->stdio = NULL;
		reach_end(&b->reach, connect_failed(why));
		return;
	}
	b->stdio = stdio_new(b->reach.l, s, on_done, b);
	stdio_use(b->stdio, 0, 1);
}

int
connect_stdio(const struct person *p, const struct connect_opts *o, int port)
{
	struct bare b = { .say = SAY_START(o->people.verbose) };
	struct log log = say_log(&b.say);
	struct loop *l = loop_new(&log);
	struct buf why = { 0 };
	int status;

	if (reach_start(&b.reach, l, p, o->tcp, port, &b.say, on_reached, &b,
		&why) < 0)
		status = connect_failed(buf_text(&why));
	else
		status = loop_run(l);
	conn_end_all(l);
	loop_free(l);
	say_last(&log, SAY_LAST_MS);
	say_close(&b.say);
	buf_free(&why);
	return status;
}

/* The port as a second word, of --stdio only. */
static const char *
take_words(const struct call *c, struct connect_opts *o)
{
	const struct opt_result *given = c->given;
	size_t most = o->tcp || o->print ? 0 : o->stdio ? 2 : 1;
	bool passes_on = given->nwords > given->before;
	struct buf unsaid = { 0 };

	if (given->before > most)
		return most == 1 ? "one WORKER; what is for ssh, or to be run "
				   "there, stands behind '--'" :
		    most == 2	 ? "WORKER and PORT, and no more" :
				   "--tcp and --print-ssh-config take no "
				   "WORKER";
	if (most && !given->before)
		return "which WORKER?";
	if ((o->stdio || o->print) && (o->user || o->key || passes_on))
		return "--user, --key and what stands behind '--' are for "
		       "ssh, which is not run";
	if ((o->tcp || o->print) && o->port)
		return "--port is for a worker";
	if (o->print && (o->stdio || o->tcp))
		return "--print-ssh-config goes alone";
	if (given->before == 2 && o->port)
		return "the port is given twice";
	if (given->before == 2)
		(void)number_int(given->words[1], &o->port, &unsaid);
	buf_free(&unsaid);
	if ((given->before == 2 || opt_was_given(given, "port")) &&
	    (o->port < 1 || o->port > 65535))
		return "the port is a number from 1 to 65535";
	return NULL;
}

static int
run_connect(const struct call *c)
{
	struct connect_opts *o = c->record;
	const char *wrong = take_words(c, o);
	const char *name = c->given->before ? c->given->words[0] : o->tcp;
	struct person p = { .bare = o->stdio };
	struct buf why = { 0 };
	int port, status;

	if (wrong)
		return applet_misuse(c, wrong);
	if (person_read(&p, &o->people, c->env, &why) < 0) {
		say_errors(buf_text(&why));
		status = CONNECT_FAILED;
	} else if (!o->print && person_lead(&p, &o->people, c->env, name,
		o->tcp, &why) < 0) {
		status = connect_failed(buf_text(&why));
	} else if (o->print) {
		status = connect_print(&p, o);
	} else {
		port = o->port ? (int)o->port :
		    p.of && p.of->ssh_port && !o->stdio ? (int)p.of->ssh_port :
							  22;
		if (o->stdio)
			status = connect_stdio(&p, o, port);
		else
			status = connect_ssh(&p, o, port,
			    c->given->words + c->given->before,
			    c->given->nwords - c->given->before);
	}
	person_release(&p);
	buf_free(&why);
	return status;
}

const struct applet applet_connect = {
	.root = { .name = "connect",
	    .brief = "ssh to a worker, by its name",
	    .words = "WORKER [PORT] [-- SSH-OPTIONS COMMAND]",
	    .takes = TAKES_WORKER,
	    .opts = { own_opts, people_opts },
	    .run = run_connect },
	.record = sizeof(struct connect_opts),
	.misuse = 2,
};
