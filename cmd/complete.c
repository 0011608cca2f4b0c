// SPDX-License-Identifier: MIT
#include "cmd/complete.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/people.h"
#include "cmd/start.h"
#include "cmd/tunnel_place.h"

struct line { /* as far as it has been read */
	const struct applet *applet; /* NULL: none yet */
	const struct command *at;
	const struct opt *tables[OPT_TABLES + 1];
	const struct opt *wants; /* an option that waits for its value */
	size_t words;		 /* that were no commands */
	bool ended;		 /* by "--" */
	const char *typed;	 /* of the word at the cursor */
	const char *front;	 /* of that word, what is not offered anew */
	size_t nfront;
	char *const *env;
	struct buf *to;
};

/* Values of options that can be listed. */
static const struct {
	const char *option;
	const char *words[6];
	const char *names; /* for complete_names */
} values[] = {
	{ "bastion", { NULL }, "bastions" },
	{ "log-level", { "trace", "debug", "info", "warn", "error" }, NULL },
	{ "proto", { "tcp", "udp" }, NULL },
	{ "protocol", { "tcp", "websocket", "wss" }, NULL },
};

static const char *const program_options[] = { "--help", "--install",
	"--version", NULL };

static void
offer(const struct line *l, const char *word, const char *what)
{
	if (strncmp(word, l->typed, strlen(l->typed)) == 0)
		buf_printf(l->to, "%.*s%s\t%s\n", (int)l->nfront, l->front,
		    word, what);
}

static void
offer_names(const struct line *l, const char *of)
{
	char *text, *name, *rest;
	struct buf names = { 0 };

	complete_names(of, l->env, &names);
	for (text = buf_text(&names); (name = strtok_r(text, "\n", &rest));
	     text = NULL)
		offer(l, name, "");
	buf_free(&names);
}

static void
offer_values(const struct line *l, const struct opt *o)
{
	const char *const *word;
	size_t i;

	if (o->kind == &opt_word || o->kind == &opt_bool) {
		offer(l, "true", "");
		offer(l, "false", "");
	}
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (strcmp(values[i].option, o->name) != 0)
			continue;
		for (word = values[i].words; *word; word++)
			offer(l, *word, "");
		if (values[i].names)
			offer_names(l, values[i].names);
	}
}

static void
offer_options(const struct line *l)
{
	const struct opt *const *table, *o;
	struct buf name = { 0 };

	for (table = l->tables; *table; table++) {
		for (o = *table; o->name; o++) {
			if (o->later)
				continue;
			buf_printf(&name, "--%s", o->name);
			offer(l, buf_text(&name), o->help);
			buf_free(&name);
		}
	}
}

static const struct opt *
find_option(const struct line *l, const char *arg, size_t n)
{
	const struct opt *const *table, *o;

	for (table = l->tables; *table; table++)
		for (o = *table; o->name; o++)
			if (n == 2 && arg[1] != '-' ? o->letter == arg[1] :
				n > 2 && strlen(o->name) == n - 2 &&
				    strncmp(o->name, arg + 2, n - 2) == 0)
				return o;
	return NULL;
}

static void
step_into(struct line *l, const struct applet *a, const struct command *c)
{
	l->applet = a;
	l->at = c;
	applet_tables(a, c, true, l->tables);
}

/* A word that is complete. */
static void
take_word(struct line *l, const char *word)
{
	const struct command *c;

	if (l->wants || l->ended) {
		l->words += !l->wants;
		l->wants = NULL;
		return;
	}
	switch (opt_after(l->tables, word)) {
	case OPT_TAKES:
		l->wants = find_option(l, word, strlen(word));
		break;
	case OPT_END:
		l->ended = true;
		break;
	case OPT_WORD:
		c = applet_command(l->at->commands, word);
		if (c && !c->hidden)
			step_into(l, l->applet, c);
		else
			l->words++;
		break;
	case OPT_ALONE:
		break;
	}
}

static void
offer_next(struct line *l)
{
	const struct command *c = l->at->commands;
	const char *equals = strchr(l->typed, '=');
	const struct opt *o;

	if (l->wants) {
		offer_values(l, l->wants);
	} else if (!l->ended && l->typed[0] == '-' && equals) {
		o = find_option(l, l->typed, (size_t)(equals - l->typed));
		l->front = l->typed;
		l->nfront = (size_t)(equals + 1 - l->typed);
		l->typed = equals + 1;
		if (o)
			offer_values(l, o);
	} else if (!l->ended && l->typed[0] == '-') {
		offer_options(l);
	} else if (l->words == 0 && !l->ended) {
		if (!l->at->run && !c) /* help */
			c = l->applet->root.commands;
		for (; c && c->name; c++)
			if (!c->later && !c->hidden)
				offer(l, c->name, c->brief);
		if (l->at->takes == TAKES_WORKER)
			offer_names(l, "workers");
		else if (l->at->takes == TAKES_TUNNEL)
			offer_names(l, "tunnels");
	}
}

static void
offer_applets(const struct line *l)
{
	const struct applet *const *a;
	const char *const *o;

	for (a = applets; *a && l->typed[0] != '-'; a++)
		if (!(*a)->root.hidden)
			offer(l, (*a)->root.name, (*a)->root.brief);
	for (o = program_options; *o && l->typed[0] == '-'; o++)
		offer(l, *o, "");
}

static bool
is_us(const char *path)
{
	struct stat st, us;

	return stat(path, &st) == 0 && stat("/proc/self/exe", &us) == 0 &&
	    st.st_dev == us.st_dev && st.st_ino == us.st_ino;
}

/* "server" and "client" may be the names of others' programs, too. */
static bool
is_foreign(const char *name, char *const *env)
{
	const char *dir = start_env(env, "PATH");
	struct buf path = { 0 };
	bool foreign = false, found = false;
	struct stat st;
	size_t n;

	for (; dir && !found; dir += n + (dir[n] == ':')) {
		n = strcspn(dir, ":");
		buf_printf(&path, "%.*s/%s", (int)n, dir, name);
		found = stat(buf_text(&path), &st) == 0 &&
		    S_ISREG(st.st_mode) && (st.st_mode & 0111);
		foreign = found && !is_us(buf_text(&path));
		buf_free(&path);
		if (!dir[n])
			break;
	}
	return foreign;
}

void
complete_line(char *const *words, char *const *env, struct buf *to)
{
	const struct applet *a = NULL;
	struct line l = { .env = env, .to = to, .front = "" };
	const char *name;

	if (!words[0] || !words[1])
		return;
	name = strrchr(words[0], '/');
	name = name ? name + 1 : words[0];
	if (name == words[0] && is_foreign(name, env))
		return;
	a = applet_find(name);
	if (!a && words[2]) {
		words++;
		a = applet_find(words[0]);
		if (!a)
			return;
	}
	if (a)
		step_into(&l, a, &a->root);
	for (words++; words[1]; words++)
		take_word(&l, words[0]);
	l.typed = words[0];
	if (a)
		offer_next(&l);
	else
		offer_applets(&l);
}

static void
put_name(struct buf *to, const char *name)
{
	if (name) /* of all bastions one has none */
		buf_printf(to, "%s\n", name);
}

/* Those of the settings, and those that run. */
static void
put_tunnels(const struct people *p, char *const *env, struct buf *to)
{
	struct strings running = { 0 };
	struct buf unsaid = { 0 };
	struct place place;
	size_t i;

	for (i = 0; i < p->ntunnels; i++)
		put_name(to, p->tunnels[i].name);
	if (place_open(&place, env, false, &unsaid) == 0) {
		running = place_names(&place);
		place_close(&place);
	}
	for (i = 0; i < running.n; i++) {
		if (!people_tunnel(p, running.v[i]))
			put_name(to, running.v[i]);
		free(running.v[i]);
	}
	free(running.v);
	buf_free(&unsaid);
}

int
complete_names(const char *of, char *const *env, struct buf *to)
{
	static const struct people_opts none;
	struct person p = { 0 };
	struct buf why = { 0 };
	size_t i;
	int r = 0;

	/* Names can be told even where the file is refused. */
	person_read(&p, &none, env, &why);
	if (strcmp(of, "workers") == 0)
		for (i = 0; i < p.settings.nworkers; i++)
			put_name(to, p.settings.workers[i].name);
	else if (strcmp(of, "bastions") == 0)
		for (i = 0; i < p.settings.nbastions; i++)
			put_name(to, p.settings.bastions[i].name);
	else if (strcmp(of, "tunnels") == 0)
		put_tunnels(&p.settings, env, to);
	else
		r = -1;
	person_release(&p);
	buf_free(&why);
	return r;
}
