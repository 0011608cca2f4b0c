// SPDX-License-Identifier: MIT
/* tunnel status: what the tunnels that live say of themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/start.h"
#include "cmd/tunnel.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/plain.h"
#include "core/utf8.h"
#include "net/admin.h"

#define ASK_MS 2000

enum { ALL_UP = 0, SOME_NOT = 1, NONE_RUNS = 3 };

void
tunnel_ask(const struct place *p, const char *name, const char *question,
    struct tunnel_answer *a)
{
	char path[PLACE_NAME_MAX + 64];
	struct admin_peer peer;
	struct value_error e;

	*a = (struct tunnel_answer){ .state = place_look(p, name,
	    &a->owner) };
	place_look(p, name, &a->owner);
	if (a->state != PLACE_LIVES ||
	    admin_call(&peer, place_socket(path, p, name), ASK_MS) < 0)
		return;
	if (admin_ask(&peer, question, &a->text, ASK_MS) == 0)
		a->told = json_parse((const char *)buf_peek(&a->text),
		    buf_len(&a->text), &e);
	if (a->told && a->told->type != VALUE_TABLE) {
		value_free(a->told);
		a->told = NULL;
	}
	if (!a->owner.pid)
		a->owner.pid = peer.pid;
	admin_hang_up(&peer);
}

void
tunnel_answer_release(struct tunnel_answer *a)
{
	value_free(a->told);
	buf_free(&a->text);
}

static bool
is_up(const struct value *v)
{
	const struct value *s = value_get(v, "state");

	return s && s->type == VALUE_STR && strcmp(s->text, "up") == 0;
}

static int
judge(const struct tunnel_answer *a)
{
	const struct value *forwards;
	size_t i;

	if (a->state != PLACE_LIVES)
		return NONE_RUNS;
	if (!a->told || !is_up(a->told))
		return SOME_NOT;
	forwards = value_get(a->told, "forwards");
	for (i = 0; forwards && forwards->type == VALUE_LIST &&
	    i < forwards->n; i++)
		if (forwards->list[i]->type != VALUE_TABLE ||
		    !is_up(forwards->list[i]))
			return SOME_NOT;
	return ALL_UP;
}

/* Its JSON says the same with what is not plain in JSON's own escapes: for
 * people look at it, too. */
static void
put_answer(struct buf *to, const char *p, size_t n)
{
	uint32_t rune;
	size_t len;

	for (; n; p += len, n -= len) {
		len = utf8_get(p, n, &rune);
		if (len && plain_is(rune))
			buf_put(to, p, len);
		else
			buf_printf(to, "\\u%04x", (unsigned)rune);
		len = len ? len : 1;
	}
}

static void
put_json(struct buf *to, const char *name, const struct tunnel_answer *a)
{
	if (a->told) {
		put_answer(to, (const char *)buf_peek(&a->text),
		    buf_len(&a->text));
		return;
	}
	buf_puts(to, "{\"name\":");
	json_put_str(to, name, strlen(name));
	buf_printf(to, ",\"running\":%s", a->state == PLACE_LIVES ? "true" :
	    "false");
	if (a->state == PLACE_LIVES && a->owner.pid)
		buf_printf(to, ",\"pid\":%d", a->owner.pid);
	buf_printf(to, ",\"state\":\"%s\",\"forwards\":[]}",
	    a->state == PLACE_LIVES ? "hung" :
	    a->state == PLACE_DEAD  ? "died" :
				      "down");
}

struct view { /* one look at those that were asked for */
	const struct tunnel_opts *o;
	bool color, many;
	struct buf out;
	int status; /* -1: none yet */
};

static void
look_at(struct view *v, const struct place *p, const char *name)
{
	struct tunnel_answer a;
	int s;

	tunnel_ask(p, name, "{\"do\":\"status\"}", &a);
	s = judge(&a);
	if (v->o->json) {
		buf_puts(&v->out, v->status < 0 ? "" : ",");
		put_json(&v->out, name, &a);
	} else {
		buf_puts(&v->out, v->status < 0 ? "" : "\n");
		tunnel_table(&v->out, name, &a, v->color);
	}
	/* of several that do not all run, some do not */
	v->status = v->status < 0 || v->status == s ? s : SOME_NOT;
	tunnel_answer_release(&a);
}

static void
look(struct view *v, const struct place *p, const char *name)
{
	struct strings all = { 0 };
	size_t i;

	v->status = -1;
	buf_puts(&v->out, v->o->json ? "{\"tunnels\":[" : "");
	if (name) {
		look_at(v, p, name);
	} else {
		all = place_names(p);
		for (i = 0; i < all.n; i++) {
			look_at(v, p, all.v[i]);
			free(all.v[i]);
		}
		free(all.v);
	}
	if (v->o->json)
		buf_puts(&v->out, "]}\n");
	else if (v->status < 0)
		buf_puts(&v->out, "Tunnel is not running\n");
	if (v->status < 0)
		v->status = NONE_RUNS;
}

static bool
show(struct view *v)
{
	size_t n = buf_len(&v->out);
	bool good = v->o->quiet ||
	    (fwrite(buf_peek(&v->out), 1, n, stdout) == n &&
		fflush(stdout) == 0);

	buf_take(&v->out, n);
	return good;
}

static int
watch(struct view *v, const struct place *p, const char *name)
{
	static const struct timespec second = { 1, 0 };
	bool terminal = isatty(1);

	for (;;) {
		buf_puts(&v->out, terminal ? "\033[H\033[2J" : "");
		look(v, p, name);
		if (!show(v))
			return SOME_NOT;
		nanosleep(&second, NULL);
	}
}

int
tunnel_status(const struct call *c)
{
	struct view v = { .o = c->record };
	struct buf why = { 0 };
	const char *name;
	struct place p;

	if (!tunnel_one_name(c, &name))
		return 2;
	if (v.o->watch && (v.o->json || v.o->quiet))
		return tunnel_misuse(c, "--watch goes with neither --json nor "
		    "--quiet");
	v.color = isatty(1) && !start_env(c->env, "NO_COLOR");
	if (place_open(&p, c->env, false, &why) < 0) {
		say_error(buf_text(&why));
		v.status = SOME_NOT;
	} else if (v.o->watch) {
		v.status = watch(&v, &p, name);
	} else {
		look(&v, &p, name);
		show(&v);
	}
	place_close(&p);
	buf_free(&v.out);
	buf_free(&why);
	return v.status;
}
