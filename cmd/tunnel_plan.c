// SPDX-License-Identifier: MIT
/* What is to be started: options, and for what they leave open the settings
 * of that name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/state.h"
#include "cmd/tunnel.h"
#include "core/mem.h"

static bool
is_set(const char *s)
{
	return s && *s;
}

static int
usage(struct buf *why, const char *text)
{
	buf_puts(why, text);
	return TUNNEL_USAGE;
}

/* Beside the settings; where nothing can be written, ssh's own. */
static char *
known_hosts(const struct person *p, char *const *env)
{
	char *conf = p->path ? person_from_root(p->path, env) : NULL;
	char *path = NULL;
	struct buf b = { 0 };

	if (!conf)
		return NULL;
	state_make_dirs(conf);
	*(strrchr(conf, '/') + 1) = '\0';
	if (access(conf, W_OK) == 0) {
		buf_printf(&b, "%sknown_hosts", conf);
		path = mem_dup(buf_text(&b));
	}
	buf_free(&b);
	free(conf);
	return path;
}

static int
no_public(const struct forward_spec *f, struct buf *why)
{
	buf_printf(why, "-R 'public:%d:%s:%d': with --ssh it is an address in "
	    "front that opens a port to others, as in '*:%d:%s:%d', if its "
	    "sshd has GatewayPorts", f->port, f->host, f->to, f->port, f->host,
	    f->to);
	return TUNNEL_USAGE;
}

static int
plan_ssh(struct tunnel_plan *p, const struct call *c,
    const struct people_tunnel *t, const char *target, struct buf *why)
{
	const struct tunnel_opts *o = c->record;
	const char *key = is_set(o->key) ? o->key : t ? t->key : NULL;
	const char *jump = is_set(o->jump) ? o->jump : t ? t->jump : NULL;
	struct ssh_target through = { 0 };
	bool good = ssh_target_parse(&p->target, target);
	size_t i;

	if (good && jump) {
		good = ssh_target_parse(&through, jump);
		ssh_target_release(&through);
		target = good ? target : jump;
	}
	if (!good) {
		buf_printf(why, "%s '%.200s': it is [USER@]HOST[:PORT], with a "
		    "port from 1 to 65535", target == jump ? "--jump" :
		    "--ssh", target);
		return TUNNEL_USAGE;
	}
	for (i = 0; i < p->specs.n; i++)
		if (p->specs.v[i].public)
			return no_public(&p->specs.v[i], why);
	p->key = key ? person_from_root(key, c->env) : NULL;
	p->jump = mem_dup(jump);
	if (p->key && load_check_private(p->key, "--key", why) < 0)
		return -1;
	p->known_hosts = known_hosts(&p->person, c->env);
	p->ssh.host = p->target.host;
	p->ssh.user = p->target.user;
	p->ssh.port = p->target.port;
	p->ssh.key = p->key;
	p->ssh.jump = p->jump;
	p->ssh.known_hosts = p->known_hosts;
	p->ssh.ask = p->foreground && isatty(0);
	p->far.ssh = &p->ssh;
	p->far_name = mem_dup(target);
	return 0;
}

static int
plan_worker(struct tunnel_plan *p, const struct call *c, const char *worker,
    struct buf *why)
{
	const struct tunnel_opts *o = c->record;

	if (is_set(o->key) || is_set(o->jump))
		return usage(why, "--key and --jump go with --ssh");
	if (person_lead(&p->person, &o->people, c->env, worker, false, why) <
	    0)
		return -1;
	person_far(&p->person, &p->far);
	p->far_name = mem_dup(p->person.worker);
	return 0;
}

static int
plan_far(struct tunnel_plan *p, const struct call *c,
    const struct people_tunnel *t, struct buf *why)
{
	const struct tunnel_opts *o = c->record;
	const char *to = o->to, *ssh = o->ssh;

	if (is_set(to) && is_set(ssh))
		return usage(why, "either --to or --ssh");
	if (!is_set(to) && !is_set(ssh) && t) {
		to = t->to;
		ssh = t->ssh;
	}
	if (is_set(ssh))
		return plan_ssh(p, c, t, ssh, why);
	if (is_set(to))
		return plan_worker(p, c, to, why);
	buf_printf(why, "where to? give --to WORKER or --ssh HOST, or write "
	    "[tunnels.%s] into '%s'", p->name,
	    p->person.path ? p->person.path : "config.toml");
	return TUNNEL_USAGE;
}

static int
add(struct forward_specs *to, enum forward_kind kind, char letter,
    const struct strings *given, const struct strings *settings,
    struct buf *why)
{
	const struct strings *s = given->n || !settings ? given : settings;
	size_t i;

	for (i = 0; i < s->n; i++) {
		buf_printf(why, "-%c ", letter);
		if (forward_specs_add(to, kind, s->v[i], why) < 0)
			return TUNNEL_USAGE;
		buf_take(why, buf_len(why));
	}
	return 0;
}

static int
plan_forwards(struct tunnel_plan *p, const struct tunnel_opts *o,
    const struct people_tunnel *t, struct buf *why)
{
	struct forward_specs *s = &p->specs;
	int r;
	size_t i;

	r = add(s, FORWARD_LOCAL, 'L', &o->local, t ? &t->local : NULL, why);
	if (r == 0)
		r = add(s, FORWARD_DYNAMIC, 'D', &o->dynamic,
		    t ? &t->dynamic : NULL, why);
	if (r == 0)
		r = add(s, FORWARD_REMOTE, 'R', &o->remote,
		    t ? &t->remote : NULL, why);
	if (r < 0)
		return r;
	if (s->n == 0)
		return usage(why, "what is to be forwarded? give -L, -D or -R");
	for (i = 0; i < s->n && !p->auto_port; i++)
		if (s->v[i].port == 0 && s->v[i].kind != FORWARD_REMOTE)
			return usage(why, "port 0 means any: give a number "
			    "from 1 to 65535, or --auto-port");
	return 0;
}

int
tunnel_plan(struct tunnel_plan *p, const struct call *c, const char *name,
    struct buf *why)
{
	const struct tunnel_opts *o = c->record;
	const struct people_tunnel *t;
	int r;

	p->name = name ? name : "default";
	p->foreground = o->foreground;
	p->timeout_ms = o->timeout / 1000000;
	if (p->timeout_ms < 1 || p->timeout_ms > 86400000)
		return usage(why, "--timeout is a time as 30s, up to 24h");
	if (person_read(&p->person, &o->people, c->env, why) < 0)
		return -1;
	t = people_tunnel(&p->person.settings, p->name);
	p->auto_port = opt_was_given(c->given, "auto-port") ? o->auto_port :
	    t && t->auto_port;
	r = plan_forwards(p, o, t, why);
	return r < 0 ? r : plan_far(p, c, t, why);
}

void
tunnel_plan_release(struct tunnel_plan *p)
{
	tunnel_sockets_close(p->sockets);
	forward_specs_release(&p->specs);
	person_release(&p->person);
	free(p->far_name);
	ssh_target_release(&p->target);
	free(p->key);
	free(p->jump);
	free(p->known_hosts);
}
