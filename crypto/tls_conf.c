// SPDX-License-Identifier: MIT
/* What is decided once: who we are, whom we trust, which ciphers. */
#include "crypto/gcm_wide.h"
#include "crypto/heap.h"
#include "crypto/own_key.h"
#include "crypto/tls_internal.h"
#include "crypto/x509_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
key_is_of_rsa(const struct pem_key *k, const br_rsa_public_key *pk)
{
	br_rsa_compute_modulus modulus = br_rsa_compute_modulus_get_default();
	uint8_t n[BR_X509_BUFSIZE_KEY];
	const uint8_t *want = pk->n;
	size_t len = modulus(NULL, &k->rsa), want_len = pk->nlen;

	for (; want_len > 0 && *want == 0; want_len--)
		want++;
	return len == want_len && len <= sizeof(n) &&
	    modulus(n, &k->rsa) == len && memcmp(n, want, len) == 0;
}

static bool
key_is_of_ec(const struct pem_key *k, const br_ec_public_key *pk)
{
	uint8_t q[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key own;

	return k->ec.curve == pk->curve &&
	    br_ec_compute_pub(br_ec_get_default(), &own, q, &k->ec) > 0 &&
	    own.qlen == pk->qlen && memcmp(own.q, pk->q, pk->qlen) == 0;
}

/* Reads our own first certificate: its key must be ours. */
static const char *
judge_own(struct tls_conf *c)
{
	const br_x509_certificate *x = c->certs.v;
	br_x509_decoder_context d;
	struct der_cert parts;
	uint8_t digest[SHA256_LEN];
	br_x509_pkey *pk;
	bool same;

	br_x509_decoder_init(&d, NULL, NULL);
	br_x509_decoder_push(&d, x->data, x->data_len);
	pk = br_x509_decoder_get_pkey(&d);
	if (!pk || !der_cert(&parts, x->data, x->data_len))
		return "certificate is damaged, or its key is neither RSA nor "
		       "EC";
	same = pk->key_type == c->key.type;
	if (same && pk->key_type == BR_KEYTYPE_RSA)
		same = key_is_of_rsa(&c->key, &pk->key.rsa);
	else if (same)
		same = key_is_of_ec(&c->key, &pk->key.ec);
	if (!same)
		return "private key does not belong to the certificate";
	c->issuer_type = (unsigned)br_x509_decoder_get_signer_key_type(&d);
	hash_sha256(digest, parts.spki.p, parts.spki.n, NULL, 0);
	pins_put(c->own_pin, digest);
	return NULL;
}

static const char *
set_own(struct tls_conf *c, const struct tls_setup *s, int64_t now,
    const uint8_t seed[static 32])
{
	const char *why = NULL;

	if (!s->cert != !s->key)
		return "certificate and private key need each other";
	if (s->cert) {
		why = pem_read_certs(&c->certs, s->cert);
		if (!why)
			why = pem_read_key(&c->key, s->key);
	} else if (c->side == TLS_SERVER && s->own) {
		c->own = s->own->own ? s->own->own : s->own;
		c->own->uses++;
		c->certs = c->own->certs;
		c->key = c->own->key;
	} else if (c->side == TLS_SERVER) {
		if (s->own_key)
			why = own_key_read(&c->key, s->own_key);
		if (why)
			return why;
		x509_make(&c->certs, &c->key, now, seed);
	} else {
		return NULL;
	}
	return why ? why : judge_own(c);
}

static void
add_name_bytes(void *arg, const void *p, size_t n)
{
	br_x500_name *name = arg;

	name->data = heap_grow(name->data, name->len + n);
	memcpy(name->data + name->len, p, n);
	name->len += n;
}

static const char *
add_anchor(struct tls_conf *c, const br_x509_certificate *x)
{
	br_x509_trust_anchor *a = &c->anchors[c->n_anchors++];
	br_x509_decoder_context d;
	br_x509_pkey *pk;

	br_x509_decoder_init(&d, add_name_bytes, &a->dn);
	br_x509_decoder_push(&d, x->data, x->data_len);
	pk = br_x509_decoder_get_pkey(&d);
	if (!pk)
		return "trusted certificate is damaged, or its key is neither "
		       "RSA nor EC";
	a->flags = br_x509_decoder_isCA(&d) ? BR_X509_TA_CA : 0;
	a->pkey = *pk;
	if (pk->key_type == BR_KEYTYPE_RSA) {
		a->pkey.key.rsa.n = heap_dup(pk->key.rsa.n, pk->key.rsa.nlen);
		a->pkey.key.rsa.e = heap_dup(pk->key.rsa.e, pk->key.rsa.elen);
	} else {
		a->pkey.key.ec.q = heap_dup(pk->key.ec.q, pk->key.ec.qlen);
	}
	return NULL;
}

static const char *
set_anchors(struct tls_conf *c, const char *text)
{
	struct pem_certs certs;
	const char *why = pem_read_certs(&certs, text);
	size_t i;

	if (why)
		return why;
	c->anchors = heap_zero(certs.n * sizeof(*c->anchors));
	for (i = 0; i < certs.n && !why; i++)
		why = add_anchor(c, &certs.v[i]);
	pem_free_certs(&certs);
	return why;
}

static void
set_default_suites(struct tls_conf *c)
{
	static const uint16_t all[TLS_MAX_SUITES] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	size_t i, first;

	c->has_aes = br_aes_x86ni_ctr_get_vtable() != NULL;
	first = c->has_aes ? 0 : 4;
	for (i = 0; i < TLS_MAX_SUITES; i++)
		c->suites[i] = all[(first + i) % TLS_MAX_SUITES];
	c->n_suites = TLS_MAX_SUITES;
}

void
tls_conf_set_suites(struct tls_conf *c, const uint16_t *suites, size_t n)
{
	memcpy(c->suites, suites, n * sizeof(*suites));
	c->n_suites = n;
}

struct tls_conf *
tls_conf_new(enum tls_side side, const struct tls_setup *s, int64_t now,
    const uint8_t seed[static 32], char *why, size_t whylen)
{
	struct tls_conf *c = heap_new(struct tls_conf);
	const char *bad;

	c->uses = 1;
	c->side = side;
	c->has_wide_aes = gcm_wide_here();
	set_default_suites(c);
	bad = set_own(c, s, now, seed);
	if (bad) {
		snprintf(why, whylen, "%s", bad);
	} else if (s->ca && (bad = set_anchors(c, s->ca))) {
		snprintf(why, whylen, "trusted CA: %s", bad);
	} else if (s->pin && side == TLS_SERVER) {
		bad = "a pin is for clients only";
		snprintf(why, whylen, "%s", bad);
	} else if (s->pin && (bad = pins_read(&c->pins, s->pin))) {
		snprintf(why, whylen, "%s", bad);
	}
	if (bad) {
		tls_conf_free(c);
		return NULL;
	}
	return c;
}

void
tls_conf_free(struct tls_conf *c)
{
	br_x509_trust_anchor *a;
	size_t i;

	if (!c || --c->uses > 0)
		return;
	if (!c->own) {
		pem_free_certs(&c->certs);
		pem_free_key(&c->key);
	}
	tls_conf_free(c->own);
	for (i = 0; i < c->n_anchors; i++) {
		a = &c->anchors[i];
		free(a->dn.data);
		if (a->pkey.key_type == BR_KEYTYPE_RSA) {
			free(a->pkey.key.rsa.n);
			free(a->pkey.key.rsa.e);
		} else if (a->pkey.key_type == BR_KEYTYPE_EC) {
			free(a->pkey.key.ec.q);
		}
	}
	free(c->anchors);
	tls_cache_free(c->cache);
	heap_free_secret(c, sizeof(*c));
}

void
tls_conf_hold(struct tls_conf *c, const char *pin)
{
	if (c->pins.n == 0)
		(void)pins_read(&c->pins, pin);
}

const char *
tls_conf_pin(const struct tls_conf *c)
{
	return c->certs.n > 0 ? c->own_pin : NULL;
}
