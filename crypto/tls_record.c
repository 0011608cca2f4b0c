// SPDX-License-Identifier: MIT
/* Records once the handshake is over: sealed and opened in the caller's own
 * memory, through the record classes that BearSSL's handshake has filled. */
#include "crypto/heap.h"
#include "crypto/tls_internal.h"

#include <stdlib.h>
#include <string.h>

/* A peer that sends only records without data costs us work for nothing. */
#define MAX_IDLE 32

size_t
tls_record_seal(const br_sslrec_out_class **keys, uint8_t *to,
    enum tls_record type, size_t n)
{
	size_t start = TLS_HEAD, end = TLS_HEAD + n + 64;

	(*keys)->max_plaintext(keys, &start, &end);
	(*keys)->encrypt(keys, (int)type, BR_TLS12, to + start, &n);
	return n;
}

/* A ChaCha20 record is eight bytes shorter. */
size_t
tls_seal_room(size_t n)
{
	return n + (n / TLS_MAX_PLAIN + (n % TLS_MAX_PLAIN != 0)) *
	    (TLS_HEAD + 8 + 16);
}

size_t
tls_seal(struct tls *t, uint8_t *to, const uint8_t *p, size_t n)
{
	size_t part, len, made = 0;

	if (!tls_ready(t) || t->closed)
		return 0;
	for (; n > 0; n -= part, p += part) {
		part = n < TLS_MAX_PLAIN ? n : TLS_MAX_PLAIN;
		memcpy(to + made + t->out_head, p, part);
		len = part;
		t->out.out->encrypt(&t->out.out, TLS_DATA, BR_TLS12,
		    to + made + t->out_head, &len);
		made += len;
	}
	return made;
}

size_t
tls_seal_close(struct tls *t, uint8_t *to)
{
	if (!tls_ready(t) || t->closed)
		return 0;
	t->closed = true;
	to[t->out_head] = 1; /* warning */
	to[t->out_head + 1] = BR_ALERT_CLOSE_NOTIFY;
	return tls_record_seal(&t->out.out, to, TLS_ALERT, 2);
}

/* The length of what follows the head; 0 after a failure. */
static size_t
check_head(struct tls *t, const uint8_t head[static TLS_HEAD])
{
	size_t n = (size_t)head[3] << 8 | head[4];

	if (head[0] < TLS_CCS || head[0] > TLS_DATA)
		tls_fail(t, BR_ALERT_UNEXPECTED_MESSAGE,
		    "peer sent a record of the unknown type %u", head[0]);
	else if (head[1] != 3 || head[2] != 3)
		tls_fail(t, BR_ALERT_PROTOCOL_VERSION,
		    "peer changed the TLS version");
	else if (!t->in.in->check_length(&t->in.in, n))
		tls_fail(t, BR_ALERT_RECORD_OVERFLOW,
		    "record has an impossible length");
	else
		return n;
	return 0;
}

static void
take_alert(struct tls *t, const uint8_t *p, size_t n)
{
	const char *name;

	if (n != 2 || p[0] < 1 || p[0] > 2) {
		tls_fail(t, BR_ALERT_DECODE_ERROR, "peer sent a broken alert");
	} else if (p[1] == BR_ALERT_CLOSE_NOTIFY) {
		t->err = TLS_ERR_EOF;
	} else if (p[0] == 2) {
		name = tls_text_alert(p[1]);
		tls_fail(t, -1, "peer refused: %s (alert %u)",
		    name ? name : "unknown reason", p[1]);
	}
}

static bool
is_hello_request(const struct tls *t, const uint8_t *p, size_t n)
{
	static const uint8_t request[4];

	return t->conf->side == TLS_CLIENT && n == sizeof(request) &&
	    memcmp(p, request, n) == 0;
}

/* Opens a whole record: 1 with data, 0 when it held none, or failed. */
static int
open_record(struct tls *t, uint8_t *rec, size_t len, const uint8_t **p,
    size_t *n)
{
	size_t size = len - TLS_HEAD;
	uint8_t type = rec[0];
	const uint8_t *text;

	text = t->in.in->decrypt(&t->in.in, type, BR_TLS12, rec + TLS_HEAD,
	    &size);
	if (!text) {
		tls_fail(t, BR_ALERT_BAD_RECORD_MAC,
		    "record was changed on its way");
		return 0;
	}
	if (type == TLS_DATA && size > 0) {
		t->idle = 0;
		*p = text;
		*n = size;
		return 1;
	}
	if (type == TLS_ALERT)
		take_alert(t, text, size);
	else if (type != TLS_DATA && !(type == TLS_HANDSHAKE &&
	    is_hello_request(t, text, size)))
		tls_fail(t, BR_ALERT_UNEXPECTED_MESSAGE,
		    "peer wants a new handshake or sent a message out of "
		    "turn");
	if (t->err == 0 && ++t->idle > MAX_IDLE)
		tls_fail(t, BR_ALERT_UNEXPECTED_MESSAGE,
		    "peer sends records without data");
	return 0;
}

static void
part_want(struct tls *t, size_t cap)
{
	if (cap <= t->part_cap)
		return;
	t->part = heap_grow(t->part, cap);
	t->part_cap = cap;
}

/* Its text is borrowed while the rest of the feed is taken: what comes next
 * in pieces goes into the other one. */
static void
part_lend(struct tls *t)
{
	uint8_t *part = t->lent;
	size_t cap = t->lent_cap;

	t->lent = t->part;
	t->lent_cap = t->part_cap;
	t->part = part;
	t->part_cap = cap;
	t->part_len = 0;
}

/* In a stream of bulk nearly every feed ends inside a record, and the memory
 * stays; an idle session holds none. */
void
tls_rest(struct tls *t)
{
	if (t->part_len > 0)
		return;
	free(t->part);
	free(t->lent);
	t->part = t->lent = NULL;
	t->part_cap = t->lent_cap = 0;
}

/* Moves bytes into part until it holds want of them. */
static bool
part_fill(struct tls *t, size_t want)
{
	size_t n = want - t->part_len;

	if (t->part_len >= want)
		return true;
	if (n > t->left)
		n = t->left;
	part_want(t, want);
	memcpy(t->part + t->part_len, t->span, n);
	t->part_len += n;
	t->span += n;
	t->left -= n;
	return t->part_len == want;
}

/* A record of which some came before this feed, or will come after it. */
static int
next_in_part(struct tls *t, const uint8_t **p, size_t *n)
{
	size_t len;
	int r;

	if (!part_fill(t, TLS_HEAD))
		return 0;
	len = check_head(t, t->part);
	if (len == 0 || !part_fill(t, TLS_HEAD + len))
		return 0;
	r = open_record(t, t->part, TLS_HEAD + len, p, n);
	part_lend(t);
	return r;
}

static int
next_in_span(struct tls *t, const uint8_t **p, size_t *n)
{
	uint8_t *rec = t->span;
	size_t len = check_head(t, rec);

	if (len == 0)
		return 0;
	len += TLS_HEAD;
	if (len > t->left)
		return next_in_part(t, p, n);
	t->span += len;
	t->left -= len;
	return open_record(t, rec, len, p, n);
}

int
tls_record_next(struct tls *t, const uint8_t **p, size_t *n)
{
	int r;

	for (;;) {
		if (t->err || t->left == 0)
			break;
		if (t->part_len > 0 || t->left < TLS_HEAD)
			r = next_in_part(t, p, n);
		else
			r = next_in_span(t, p, n);
		if (r > 0)
			return r;
	}
	return t->err;
}
