// SPDX-License-Identifier: MIT
/* One session, seen from outside: what is fed goes to the handshake until that
 * is over and to the records from then on. */
#include "crypto/tls.h"

#include "crypto/heap.h"
#include "crypto/tls_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls *
tls_new(struct tls_conf *conf, const char *name, int64_t now,
    const uint8_t seed[static 32])
{
	struct tls *t = heap_new(struct tls);

	t->conf = conf;
	conf->uses++;
	tls_hs_start(t, name, now, seed);
	return t;
}

void
tls_free(struct tls *t)
{
	if (!t)
		return;
	tls_hs_free(t);
	tls_conf_free(t->conf);
	heap_free_secret(t->part, t->part_cap);
	heap_free_secret(t->lent, t->lent_cap);
	free(t->output);
	free(t->why);
	heap_free_secret(t, sizeof(*t));
}

void
tls_feed(struct tls *t, uint8_t *p, size_t n)
{
	t->span = p;
	t->left = n;
}

int
tls_next(struct tls *t, const uint8_t **p, size_t *n)
{
	if (t->hs && !t->err)
		tls_hs_run(t);
	if (t->err || t->hs) {
		t->left = 0;
		return t->err;
	}
	return tls_record_next(t, p, n);
}

bool
tls_ready(const struct tls *t)
{
	return !t->hs && t->err != TLS_ERR_TLS;
}

bool
tls_truncated(const struct tls *t)
{
	return !t->err && (t->hs || (t->part_len > 0));
}

const uint8_t *
tls_output(struct tls *t, size_t *n)
{
	*n = t->output_len - t->output_at;
	return *n > 0 ? t->output + t->output_at : NULL;
}

void
tls_output_ack(struct tls *t, size_t n)
{
	t->output_at += n;
	if (t->output_at < t->output_len)
		return;
	free(t->output);
	t->output = NULL;
	t->output_at = t->output_len = t->output_cap = 0;
}

void
tls_output_add(struct tls *t, const void *p, size_t n)
{
	if (n > t->output_cap - t->output_len) {
		t->output_cap = t->output_len + n + 512;
		t->output = heap_grow(t->output, t->output_cap);
	}
	memcpy(t->output + t->output_len, p, n);
	t->output_len += n;
}

static void
tell_peer(struct tls *t, int alert)
{
	const br_sslrec_out_class **keys =
	    t->hs ? &t->hs->u.eng.out.vtable : &t->out.out;
	uint8_t rec[TLS_CLOSE_ROOM];
	size_t start = TLS_HEAD, end = sizeof(rec);

	if (alert < 0 || t->closed || !*keys)
		return;
	(*keys)->max_plaintext(keys, &start, &end);
	rec[start] = 2; /* fatal */
	rec[start + 1] = (uint8_t)alert;
	tls_output_add(t, rec, tls_record_seal(keys, rec, TLS_ALERT, 2));
}

void
tls_fail(struct tls *t, int alert, const char *why, ...)
{
	va_list ap;

	if (t->err)
		return;
	t->why = heap_zero(TLS_WHY_SIZE);
	va_start(ap, why);
	vsnprintf(t->why, TLS_WHY_SIZE, why, ap);
	va_end(ap);
	tell_peer(t, alert);
	t->err = TLS_ERR_TLS;
	t->left = 0;
	tls_hs_free(t);
}

const char *
tls_why(const struct tls *t)
{
	if (t->err == TLS_ERR_EOF)
		return "peer closed the session";
	return t->why ? t->why : "";
}

const char *
tls_suite(const struct tls *t)
{
	return tls_text_suite(t->suite);
}

bool
tls_resumed(const struct tls *t)
{
	return t->resumed;
}

const char *
tls_peer_pin(const struct tls *t)
{
	return t->has_peer_pin ? t->peer_pin : NULL;
}

const char *
tls_strange_pin(const struct tls *t)
{
	return t->strange ? t->peer_pin : NULL;
}
