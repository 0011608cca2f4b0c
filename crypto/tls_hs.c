// SPDX-License-Identifier: MIT
/* The handshake, which BearSSL's engine does: it is given one record at a time
 * so that what follows the last one is ours. */
#include "crypto/gcm_wide.h"
#include "crypto/heap.h"
#include "crypto/tls_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Far more than any chain we accept; ends those who only talk. */
#define MAX_HEARD 1048576

static int
session_load(const br_ssl_session_cache_class **ctx,
    br_ssl_server_context *server, br_ssl_session_parameters *p)
{
	struct tls_hs *h = (struct tls_hs *)(void *)server;
	const struct tls_session *s;

	(void)ctx;
	if (!h->store.tls->conf->cache)
		return 0;
	s = tls_cache_get(h->store.tls->conf->cache, p->session_id, h->now);
	if (!s)
		return 0;
	*p = s->p;
	h->offered = *s;
	return 1;
}

/* Called once everything about the peer has been checked. */
static void
session_save(const br_ssl_session_cache_class **ctx,
    br_ssl_server_context *server, const br_ssl_session_parameters *p)
{
	struct tls_hs *h = (struct tls_hs *)(void *)server;
	struct tls_conf *c = h->store.tls->conf;
	struct tls_session s = { .p = *p, .made = h->now };

	(void)ctx;
	s.has_pin = h->check.has_spki;
	memcpy(s.pin, h->check.spki, sizeof(s.pin));
	if (!c->cache)
		c->cache = tls_cache_new();
	tls_cache_put(c->cache, &s);
	heap_wipe(&s, sizeof(s));
}

static const br_ssl_session_cache_class store_vtable = {
	sizeof(((struct tls_hs *)NULL)->store),
	session_save,
	session_load,
};

static void
set_engine(struct tls *t, const uint8_t seed[static 32])
{
	br_ssl_engine_context *e = &t->hs->u.eng;

	br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
	br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION);
	/* A client's order says what is fast there.  Without AES in this CPU
	 * our own cost outweighs that. */
	if (!t->conf->has_aes)
		br_ssl_engine_add_flags(e, BR_OPT_ENFORCE_SERVER_PREFERENCES);
	br_ssl_engine_set_suites(e, t->conf->suites, t->conf->n_suites);
	br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(e, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(e, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(e, br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(e, br_tls12_sha384_prf);
	br_ssl_engine_set_default_ec(e);
	br_ssl_engine_set_default_rsavrfy(e);
	br_ssl_engine_set_default_ecdsa(e);
	br_ssl_engine_set_default_aes_gcm(e);
	if (t->conf->has_wide_aes) {
		br_ssl_engine_set_aes_ctr(e, &gcm_wide_ctr);
		br_ssl_engine_set_ghash(e, gcm_wide_ghash);
	}
	br_ssl_engine_set_default_chapol(e);
	br_ssl_engine_set_x509(e, &t->hs->check.vtable);
	t->hs->buffer = heap_grow(NULL, BR_SSL_BUFSIZE_BIDI);
	br_ssl_engine_set_buffer(e, t->hs->buffer, BR_SSL_BUFSIZE_BIDI, 1);
	br_ssl_engine_inject_entropy(e, seed, 32);
	/* Else BearSSL would ask the kernel; the caller has done so. */
	e->rng_os_rand_done = 1;
}

static void
start_server(struct tls *t)
{
	br_ssl_server_context *s = &t->hs->u.server;
	const struct tls_conf *c = t->conf;

	if (c->key.type == BR_KEYTYPE_RSA)
		br_ssl_server_set_single_rsa(s, c->certs.v, c->certs.n,
		    &c->key.rsa, BR_KEYTYPE_SIGN, br_rsa_private_get_default(),
		    br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_server_set_single_ec(s, c->certs.v, c->certs.n,
		    &c->key.ec, BR_KEYTYPE_SIGN, c->issuer_type,
		    br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
	if (c->n_anchors > 0)
		br_ssl_server_set_trust_anchor_names_alt(s, c->anchors,
		    c->n_anchors);
	t->hs->store.vtable = &store_vtable;
	t->hs->store.tls = t;
	br_ssl_server_set_cache(s, &t->hs->store.vtable);
	br_ssl_server_reset(s);
	/* Of the alert for those who know nothing newer; BearSSL would write
	 * a zero there, which they do not read. */
	s->eng.version_out = BR_TLS11;
}

static void
start_client(struct tls *t)
{
	br_ssl_client_context *s = &t->hs->u.client;
	const struct tls_conf *c = t->conf;
	struct tls_hs *h = t->hs;
	bool again;

	br_ssl_client_set_default_rsapub(s);
	if (c->key.type == BR_KEYTYPE_RSA)
		br_ssl_client_set_single_rsa(s, c->certs.v, c->certs.n,
		    &c->key.rsa, br_rsa_pkcs1_sign_get_default());
	else if (c->key.type == BR_KEYTYPE_EC)
		br_ssl_client_set_single_ec(s, c->certs.v, c->certs.n,
		    &c->key.ec, BR_KEYTYPE_SIGN, c->issuer_type,
		    br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
	/* what was agreed on before a pin was held is judged by it, too */
	again = tls_session_is_fresh(&c->last, h->now) &&
	    strcmp(c->last_name, h->name) == 0 &&
	    (c->pins.n == 0 || pins_have(&c->pins, c->last.pin));
	if (again) {
		h->offered = c->last;
		br_ssl_engine_set_session_parameters(&s->eng, &c->last.p);
	}
	br_ssl_client_reset(s, h->check.rules.ip_len ? NULL : h->name, again);
}

/* A literal goes into the rules, any other name into the handshake.  Names may
 * end in a dot, certificates do not know it. */
static bool
set_name(struct tls_hs *h, struct x509_rules *r, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (n > 0 && name[n - 1] == '.')
		n--;
	if (n > TLS_MAX_NAME)
		return false;
	if (n > 0)
		memcpy(h->name, name, n);
	if (inet_pton(AF_INET, h->name, r->ip) == 1)
		r->ip_len = 4;
	else if (inet_pton(AF_INET6, h->name, r->ip) == 1)
		r->ip_len = 16;
	else if (name)
		r->name = h->name;
	return true;
}

void
tls_hs_start(struct tls *t, const char *name, int64_t now,
    const uint8_t seed[static 32])
{
	const struct tls_conf *c = t->conf;
	bool client = c->side == TLS_CLIENT;
	struct x509_rules rules = {
		.anchors = c->anchors,
		.n_anchors = c->n_anchors,
		.purpose = client ? DER_FOR_SERVER : DER_FOR_CLIENT,
		.pins = &c->pins,
		.now = now,
	};

	t->hs = heap_new(struct tls_hs);
	t->hs->now = now;
	if (!set_name(t->hs, &rules, client ? name : NULL)) {
		tls_fail(t, -1, "server name is too long");
		return;
	}
	if (c->n_anchors > 0 && rules.name && !der_is_name(rules.name)) {
		tls_fail(t, -1, "'%s' is no name that a certificate can be "
		    "for", name);
		return;
	}
	x509_check_init(&t->hs->check, &rules);
	set_engine(t, seed);
	if (client)
		start_client(t);
	else
		start_server(t);
	tls_hs_run(t);
}

void
tls_hs_free(struct tls *t)
{
	if (!t->hs)
		return;
	x509_check_release(&t->hs->check);
	free(t->hs->buffer);
	heap_free_secret(t->hs, sizeof(*t->hs));
	t->hs = NULL;
}

static void
fail_pin(struct tls *t)
{
	char want[PINS_WORDS];

	pins_words(want, &t->conf->pins);
	pins_put(t->peer_pin, t->hs->check.spki);
	t->strange = true;
	tls_fail(t, BR_ALERT_BAD_CERTIFICATE,
	    "server's pin is %s, not the expected %s", t->peer_pin, want);
}

static void
fail(struct tls *t)
{
	struct tls_hs *h = t->hs;
	int err = br_ssl_engine_last_error(&h->u.eng), alert;
	const char *text;

	/* A session that the peer chokes on is not offered again. */
	if (h->offered.p.session_id_len > 0 && t->conf->side == TLS_CLIENT)
		heap_wipe(&t->conf->last, sizeof(t->conf->last));
	if (err == X509_ERR_PIN) {
		fail_pin(t);
	} else if (err == BR_ERR_OK) {
		tls_fail(t, -1, "peer closed the session in the handshake");
	} else if (err >= BR_ERR_RECV_FATAL_ALERT &&
	    err < BR_ERR_SEND_FATAL_ALERT) {
		err -= BR_ERR_RECV_FATAL_ALERT;
		text = tls_text_alert((unsigned)err);
		tls_fail(t, -1, "peer refused: %s (alert %d)",
		    text ? text : "unknown reason", err);
	} else {
		text = tls_text_error(err, &alert);
		tls_fail(t, alert, "%s", text);
	}
}

static void
keep_session(struct tls *t, const br_ssl_session_parameters *p)
{
	struct tls_conf *c = t->conf;
	struct tls_hs *h = t->hs;

	if (p->session_id_len == 0)
		return;
	/* The age counts from when the certificate was judged. */
	c->last = (struct tls_session){ .p = *p,
		.made = t->resumed ? h->offered.made : h->now,
		.has_pin = t->has_peer_pin };
	memcpy(c->last.pin, t->resumed ? h->offered.pin : h->check.spki,
	    sizeof(c->last.pin));
	strcpy(c->last_name, h->name);
}

static void
set_peer_pin(struct tls *t)
{
	struct tls_hs *h = t->hs;

	t->has_peer_pin = t->resumed ? h->offered.has_pin : h->check.has_spki;
	if (t->has_peer_pin)
		pins_put(t->peer_pin,
		    t->resumed ? h->offered.pin : h->check.spki);
}

/* The record contexts hold no pointer into themselves, so they may leave the
 * engine, of which nothing else is needed any more. */
static void
finish(struct tls *t)
{
	br_ssl_engine_context *e = &t->hs->u.eng;
	br_ssl_session_parameters p;
	size_t n, end = TLS_MAX_PLAIN + 128;

	br_ssl_engine_recvrec_buf(e, &n);
	if (n != TLS_HEAD) {
		tls_fail(t, BR_ALERT_UNEXPECTED_MESSAGE,
		    "peer sent a message out of turn");
		return;
	}
	br_ssl_engine_sendapp_buf(e, &n);
	if (n < TLS_MAX_PLAIN) {
		tls_fail(t, BR_ALERT_HANDSHAKE_FAILURE,
		    "peer asks for short records, which are not supported");
		return;
	}
	br_ssl_engine_get_session_parameters(e, &p);
	t->suite = p.cipher_suite;
	t->resumed = t->hs->offered.p.session_id_len > 0 &&
	    t->hs->offered.p.session_id_len == p.session_id_len &&
	    memcmp(t->hs->offered.p.session_id, p.session_id,
		p.session_id_len) == 0;
	set_peer_pin(t);
	if (t->conf->side == TLS_CLIENT)
		keep_session(t, &p);
	if (e->in.vtable == &br_sslrec_in_chapol_vtable.inner) {
		t->in.chapol = e->in.chapol;
		t->out.chapol = e->out.chapol;
	} else {
		t->in.gcm = e->in.gcm;
		t->out.gcm = e->out.gcm;
	}
	n = TLS_HEAD;
	t->out.out->max_plaintext(&t->out.out, &n, &end);
	t->out_head = (uint8_t)n;
	heap_wipe(&p, sizeof(p));
	tls_hs_free(t);
}

/* The first byte of a handshake or an alert, and TLS's major version. */
static bool
is_tls(const struct tls *t)
{
	return t->hs->heard > 0 || t->span[0] == TLS_HANDSHAKE ||
	    t->span[0] == TLS_ALERT;
}

static bool
give_some(struct tls *t)
{
	struct tls_hs *h = t->hs;
	uint8_t *to;
	size_t n;

	if (t->left == 0)
		return false;
	to = br_ssl_engine_recvrec_buf(&h->u.eng, &n);
	if (!to || h->heard > MAX_HEARD) {
		tls_fail(t, BR_ALERT_UNEXPECTED_MESSAGE,
		    "peer sent a message out of turn");
		return false;
	}
	if (!is_tls(t)) {
		tls_fail(t, -1, "peer speaks no TLS");
		return false;
	}
	n = n < t->left ? n : t->left;
	memcpy(to, t->span, n);
	t->span += n;
	t->left -= n;
	h->heard += n;
	br_ssl_engine_recvrec_ack(&h->u.eng, n);
	if (h->heard <= TLS_HEAD &&
	    br_ssl_engine_last_error(&h->u.eng) != BR_ERR_OK)
		tls_fail(t, -1, "peer speaks no TLS");
	return !t->err;
}

void
tls_hs_run(struct tls *t)
{
	br_ssl_engine_context *e;
	unsigned state;
	uint8_t *p;
	size_t n;

	while (t->hs && !t->err) {
		e = &t->hs->u.eng;
		state = br_ssl_engine_current_state(e);
		if (state & BR_SSL_CLOSED) {
			fail(t);
		} else if (state & BR_SSL_SENDREC) {
			p = br_ssl_engine_sendrec_buf(e, &n);
			tls_output_add(t, p, n);
			br_ssl_engine_sendrec_ack(e, n);
		} else if (state & BR_SSL_SENDAPP) {
			finish(t);
		} else if (!give_some(t)) {
			break;
		}
	}
}
