// SPDX-License-Identifier: MIT
#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "crypto/pins.h"

#define PORT_DEFAULT 7000
typedef int worker_read(struct worker_conf *w, const char *v, struct buf *why);

static int
read_type(struct worker_conf *w, const char *v, struct buf *why)
{
	(void)w;
	if (strcmp(v, "frp") == 0)
		return 0;
	buf_printf(why, "unknown type '%s', only 'frp' is known", v);
	return -1;
}

/* All digits, in 1..65535, else <0. */
static int
port_of(const char *p, size_t n)
{
	int port = 0;

	if (n == 0 || n > 5)
		return -1;
	for (; n; n--, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		port = port * 10 + (*p - '0');
	}
	return port >= 1 && port <= 65535 ? port : -1;
}

/* "host", "1.2.3.4", "[fd00::1]": the host without brackets, and in rest
 * what follows; NULL when there is none. */
static char *
host_of(const char *v, const char **rest)
{
	size_t n;

	if (*v == '[') {
		n = strcspn(v + 1, "]");
		if (n == 0 || v[n + 1] != ']' ||
		    strspn(v + 1, "0123456789abcdefABCDEF:.%") < n)
			return NULL;
		*rest = v + n + 2;
		return mem_dupn(v + 1, n);
	}
	n = strcspn(v, ":/[]@");
	*rest = v + n;
	return n ? mem_dupn(v, n) : NULL;
}

static int
read_server(struct worker_conf *w, const char *v, struct buf *why)
{
	const char *rest = v;

	w->server = host_of(v, &rest);
	w->port = PORT_DEFAULT;
	if (w->server && *rest == ':')
		w->port = port_of(rest + 1, strlen(rest + 1));
	else if (*rest)
		w->port = -1;
	if (w->server && w->port > 0)
		return 0;
	buf_printf(why, "server '%s' is not host:port", v);
	return -1;
}

static int
read_public(struct worker_conf *w, const char *v, struct buf *why)
{
	const char *rest = v;

	w->public_host = host_of(v, &rest);
	if (w->public_host && !*rest)
		return 0;
	buf_printf(why, "server_public '%s' is not a host without a port", v);
	return -1;
}

static int
read_range(struct worker_conf *w, const char *v, struct buf *why)
{
	size_t n = strcspn(v, "-");

	w->first = w->last = port_of(v, n);
	if (v[n])
		w->last = port_of(v + n + 1, strlen(v + n + 1));
	if (w->first > 0 && w->last >= w->first)
		return 0;
	buf_printf(why, "port_range '%s' is not LOW-HIGH in 1..65535", v);
	return -1;
}

static int
read_token(struct worker_conf *w, const char *v, struct buf *why)
{
	(void)why;
	w->token = mem_dup(v);
	return 0;
}

static int
read_tls(struct worker_conf *w, const char *v, struct buf *why)
{
	w->tls = strcmp(v, "true") == 0;
	if (w->tls || strcmp(v, "false") == 0)
		return 0;
	buf_printf(why, "tls '%s' is neither 'true' nor 'false'", v);
	return -1;
}

static int
read_pin(struct worker_conf *w, const char *v, struct buf *why)
{
	struct buf all = { 0 };
	struct pins pins;
	const char *bad;

	if (pins_read(&pins, v)) {
		buf_printf(why, "pin '%s' is not sha256: and 64 hex digits",
		    v);
		return -1;
	}
	if (w->pin)
		buf_printf(&all, "%s,", w->pin);
	buf_puts(&all, v);
	free(w->pin);
	w->pin = mem_dup(buf_text(&all));
	buf_free(&all);
	bad = pins_read(&pins, w->pin);
	if (bad)
		buf_puts(why, bad);
	return bad ? -1 : 0;
}

static const struct {
	const char *key;
	worker_read *read;
	bool needed, again; /* it may come more than once */
} rows[] = {
	{ "type", read_type, true, false },
	{ "server", read_server, true, false },
	{ "server_public", read_public, false, false },
	{ "port_range", read_range, false, false },
	{ "token", read_token, false, false },
	{ "tls", read_tls, false, false },
	{ "pin", read_pin, false, true },
};

#define ROWS (sizeof(rows) / sizeof(*rows))

/* One key=value; seen has a bit for each row that came. */
static int
read_item(struct worker_conf *w, char *item, unsigned *seen, struct buf *why)
{
	char *equals = strchr(item, '=');
	size_t i;

	if (!equals) {
		buf_printf(why, "'%s' is not key=value", item);
		return -1;
	}
	*equals = '\0';
	for (i = 0; i < ROWS && strcmp(rows[i].key, item); i++)
		continue;
	if (i == ROWS)
		buf_printf(why, "unknown key '%s'", item);
	else if (*seen & 1u << i && !rows[i].again)
		buf_printf(why, "key '%s' is repeated", item);
	else if (!equals[1])
		buf_printf(why, "key '%s' has no value", item);
	else {
		*seen |= 1u << i;
		return rows[i].read(w, equals + 1, why);
	}
	return -1;
}

static int
check_text(const char *text, struct buf *why)
{
	const char *p;

	if (strlen(text) > WORKER_MAX) {
		buf_printf(why, "longer than %d bytes", WORKER_MAX);
		return -1;
	}
	for (p = text; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f) {
			buf_printf(why, "blank or control byte at %zu",
			    (size_t)(p - text));
			return -1;
		}
	}
	return 0;
}

static int
check_whole(struct worker_conf *w, unsigned seen, struct buf *why)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (rows[i].needed && !(seen & 1u << i)) {
			buf_printf(why, "key '%s' is missing", rows[i].key);
			return -1;
		}
	}
	if (w->pin && !w->tls) {
		buf_puts(why, "a pin needs tls");
		return -1;
	}
	if (!w->public_host)
		w->public_host = mem_dup(w->server);
	return 0;
}

int
worker_parse(struct worker_conf *to, const char *text, struct buf *why)
{
	char *copy, *item, *next;
	unsigned seen = 0;
	int r = 0;

	*to = (struct worker_conf){ .tls = true };
	if (check_text(text, why) < 0)
		return -1;
	copy = mem_dup(text);
	for (item = copy; item && r == 0; item = next) {
		next = strchr(item, ',');
		if (next)
			*next++ = '\0';
		r = read_item(to, item, &seen, why);
	}
	if (r == 0)
		r = check_whole(to, seen, why);
	if (r < 0)
		worker_release(to);
	mem_wipe(copy, strlen(text));
	free(copy);
	return r;
}

void
worker_release(struct worker_conf *w)
{
	free(w->server);
	free(w->public_host);
	mem_free_secret(w->token);
	free(w->pin);
	*w = (struct worker_conf){ 0 };
}

void
worker_put_public(struct buf *b, const struct worker_conf *w,
    const char *remote_addr)
{
	const char *colon = strrchr(remote_addr, ':');
	const char *shape = strchr(w->public_host, ':') ? "[%s]:%s" : "%s:%s";

	buf_printf(b, shape, w->public_host, colon ? colon + 1 : remote_addr);
}
