// SPDX-License-Identifier: MIT
/* What a tunnel says of itself, for people: a line, and a row a forward.  It
 * comes from a process of ours, but no number or text in it is trusted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tunnel.h"
#include "core/mem.h"
#include "core/plain.h"

enum { LOCAL, REMOTE, STATE, NOW, ALL, SENT, RECEIVED, LAST, COLUMNS };

static const char *const titles[COLUMNS] = { "LOCAL", "REMOTE", "STATE",
	"NOW", "ALL", "SENT", "RECEIVED", "LAST ERROR" };

struct cell {
	char text[220];
};

static const char *
text_of(const struct value *v, const char *key)
{
	const struct value *s = value_get(v, key);

	return s && s->type == VALUE_STR ? s->text : "";
}

static int64_t
number_of(const struct value *v, const char *key)
{
	const struct value *s = value_get(v, key);

	return s && s->type == VALUE_INT && s->integer > 0 ? s->integer : 0;
}

static void
put_bytes(char *to, size_t n, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double v = (double)bytes / 1000;
	size_t i;

	if (bytes < 1000) {
		snprintf(to, n, "%d B", (int)bytes);
		return;
	}
	for (i = 0; i < 4 && v >= 999.95; i++)
		v /= 1000;
	snprintf(to, n, "%.1f %s", v, units[i]);
}

static void
put_time(struct buf *b, int64_t ms)
{
	static const struct {
		const char *big, *small;
		int64_t of, part;
	} steps[] = {
		{ "d", "h", 86400, 3600 },
		{ "h", "min", 3600, 60 },
		{ "min", "s", 60, 1 },
	};
	int64_t s = ms / 1000;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (s < steps[i].of)
			continue;
		buf_printf(b, "%lld %s", (long long)(s / steps[i].of),
		    steps[i].big);
		s = s % steps[i].of / steps[i].part;
		if (s)
			buf_printf(b, " %lld %s", (long long)s,
			    steps[i].small);
		return;
	}
	buf_printf(b, "%lld s", (long long)s);
}

static const char *
color_of(const char *state)
{
	if (strcmp(state, "up") == 0)
		return "\033[32m";
	return strcmp(state, "connecting") == 0 ||
	    strcmp(state, "waiting") == 0 ? "\033[33m" : "\033[31m";
}

static void
put_last(char *to, size_t n, const struct value *f)
{
	struct buf b = { 0 };

	if (*text_of(f, "error")) {
		buf_puts(&b, text_of(f, "error"));
		buf_puts(&b, " (");
		put_time(&b, number_of(f, "errorAgeMs"));
		buf_puts(&b, " ago)");
	}
	plain_copy(to, n, buf_text(&b));
	buf_free(&b);
}

static void
put_remote(char *to, size_t n, const struct value *f)
{
	const struct value *public = value_get(f, "public");
	struct buf b = { 0 };

	if (public && public->type == VALUE_BOOL && public->boolean)
		buf_puts(&b, "PUBLIC ");
	buf_puts(&b, text_of(f, "remote"));
	plain_copy(to, n, buf_text(&b));
	buf_free(&b);
}

static void
fill_row(struct cell *row, const struct value *f)
{
	size_t n = sizeof(row->text);

	plain_copy(row[LOCAL].text, n, text_of(f, "local"));
	put_remote(row[REMOTE].text, n, f);
	plain_copy(row[STATE].text, n, text_of(f, "state"));
	snprintf(row[NOW].text, n, "%lld",
	    (long long)number_of(f, "connections"));
	snprintf(row[ALL].text, n, "%lld", (long long)number_of(f, "total"));
	put_bytes(row[SENT].text, n, number_of(f, "sent"));
	put_bytes(row[RECEIVED].text, n, number_of(f, "received"));
	put_last(row[LAST].text, n, f);
}

static bool
is_number(int column)
{
	return column >= NOW && column <= RECEIVED;
}

static void
put_row(struct buf *to, const struct cell *row, const int *width, bool color)
{
	int i, pad;

	for (i = 0; i < COLUMNS; i++) {
		if (i == LAST && !*row[i].text)
			break;
		pad = width[i] - (int)strlen(row[i].text);
		buf_puts(to, "  ");
		if (is_number(i))
			buf_printf(to, "%*s", pad, "");
		if (color && i == STATE)
			buf_puts(to, color_of(row[i].text));
		buf_puts(to, row[i].text);
		if (color && i == STATE)
			buf_puts(to, "\033[0m");
		if (!is_number(i) && i < LAST)
			buf_printf(to, "%*s", pad, "");
	}
	buf_puts(to, "\n");
}

static void
put_forwards(struct buf *to, const struct value *list, bool color)
{
	struct cell *rows = mem_zero((list->n + 1) * COLUMNS * sizeof(*rows));
	int width[COLUMNS] = { 0 }, i;
	size_t r;

	for (i = 0; i < COLUMNS; i++)
		snprintf(rows[i].text, sizeof(rows[i].text), "%s", titles[i]);
	for (r = 0; r < list->n; r++)
		if (list->list[r]->type == VALUE_TABLE)
			fill_row(&rows[(r + 1) * COLUMNS], list->list[r]);
	for (r = 0; r <= list->n; r++)
		for (i = 0; i < COLUMNS; i++) {
			int n = (int)strlen(rows[r * COLUMNS + (size_t)i].text);

			width[i] = n > width[i] ? n : width[i];
		}
	for (r = 0; r <= list->n; r++)
		put_row(to, &rows[r * COLUMNS], width, color && r > 0);
	free(rows);
}

static void
put_head(struct buf *to, const struct value *v, bool color)
{
	const char *state = text_of(v, "state");
	int64_t rtt = number_of(v, "rttUs");
	char clean[220], word[40];

	plain_copy(clean, sizeof(clean), text_of(v, "to"));
	plain_copy(word, sizeof(word), state);
	buf_printf(to, " to %s: %s%s%s for ", clean,
	    color ? color_of(state) : "", word, color ? "\033[0m" : "");
	put_time(to, number_of(v, "stateAgeMs"));
	if (number_of(v, "retryMs")) {
		buf_puts(to, ", next try in ");
		put_time(to, number_of(v, "retryMs") + 999);
	}
	buf_printf(to, ", %lld reconnect%s",
	    (long long)number_of(v, "reconnects"),
	    number_of(v, "reconnects") == 1 ? "" : "s");
	if (rtt) {
		buf_printf(to, ", echo %.1f ms (", (double)rtt / 1000);
		put_time(to, number_of(v, "rttAgeMs"));
		buf_puts(to, " ago)");
	}
	buf_puts(to, "\n");
	plain_copy(clean, sizeof(clean), text_of(v, "error"));
	if (*clean)
		buf_printf(to, "  last error: %s\n", clean);
}

void
tunnel_table(struct buf *to, const char *name, const struct tunnel_answer *a,
    bool color)
{
	const struct value *forwards;

	if (a->state != PLACE_LIVES) {
		buf_printf(to, "Tunnel is not running: '%s'%s\n", name,
		    a->state == PLACE_DEAD ? " has died" : "");
		return;
	}
	buf_printf(to, "Tunnel is running: '%s'", name);
	if (a->owner.pid)
		buf_printf(to, " (PID: %d)", a->owner.pid);
	if (!a->told) {
		buf_puts(to, ", but it does not answer\n");
		return;
	}
	put_head(to, a->told, color);
	forwards = value_get(a->told, "forwards");
	if (forwards && forwards->type == VALUE_LIST)
		put_forwards(to, forwards, color);
}
