// SPDX-License-Identifier: MIT
#include "crypto/x509_check.h"

#include "crypto/heap.h"

#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define DAYS_BEFORE_1970 719528 /* BearSSL counts from year 0 */

static void
start_chain(const br_x509_class **ctx, const char *name)
{
	struct x509_check *c = (struct x509_check *)ctx;

	c->certs = 0;
	c->err = 0;
	c->leaf_len = 0;
	c->has_spki = false;
	(*c->inner)->start_chain(c->inner, name);
}

static void
start_cert(const br_x509_class **ctx, uint32_t len)
{
	struct x509_check *c = (struct x509_check *)ctx;

	if (len > X509_MAX_CERT || c->certs >= X509_MAX_CHAIN)
		c->err = X509_ERR_TOO_LONG;
	if (c->err)
		return;
	if (c->certs == 0) {
		free(c->leaf);
		c->leaf = heap_zero(len);
		c->leaf_cap = len;
	}
	(*c->inner)->start_cert(c->inner, len);
}

static void
append(const br_x509_class **ctx, const unsigned char *p, size_t n)
{
	struct x509_check *c = (struct x509_check *)ctx;

	if (c->err)
		return;
	if (c->certs == 0 && n <= c->leaf_cap - c->leaf_len) {
		memcpy(c->leaf + c->leaf_len, p, n);
		c->leaf_len += n;
	}
	(*c->inner)->append(c->inner, p, n);
}

static void
end_cert(const br_x509_class **ctx)
{
	struct x509_check *c = (struct x509_check *)ctx;

	if (c->err)
		return;
	c->certs++;
	(*c->inner)->end_cert(c->inner);
}

/* What the chain check leaves open about the first certificate. */
static unsigned
check_leaf(struct x509_check *c)
{
	const struct x509_rules *r = &c->rules;
	struct der_cert cert;

	if (!der_cert(&cert, c->leaf, c->leaf_len))
		return BR_ERR_X509_UNEXPECTED;
	hash_sha256(c->spki, cert.spki.p, cert.spki.n, NULL, 0);
	c->has_spki = true;
	if (r->pins && r->pins->n > 0 && !pins_have(r->pins, c->spki))
		return X509_ERR_PIN;
	if (r->n_anchors == 0)
		return 0;
	if (r->ip_len && !der_cert_has_ip(&cert, r->ip, r->ip_len))
		return BR_ERR_X509_BAD_SERVER_NAME;
	/* BearSSL would take the common name, too */
	if (r->name && !der_cert_has_name(&cert, r->name))
		return BR_ERR_X509_BAD_SERVER_NAME;
	return der_cert_is_for(&cert, r->purpose) ? 0 : X509_ERR_PURPOSE;
}

static unsigned
end_chain(const br_x509_class **ctx)
{
	struct x509_check *c = (struct x509_check *)ctx;

	if (!c->err && c->certs == 0)
		c->err = BR_ERR_X509_EMPTY_CHAIN;
	if (!c->err)
		c->err = (*c->inner)->end_chain(c->inner);
	if (!c->err)
		c->err = check_leaf(c);
	return c->err;
}

static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct x509_check *c = (const struct x509_check *)ctx;

	if (c->err)
		return NULL;
	return (*c->inner)->get_pkey(c->inner, usages);
}

static const br_x509_class check_vtable = {
	sizeof(struct x509_check),
	start_chain,
	start_cert,
	append,
	end_cert,
	end_chain,
	get_pkey,
};

static void
init_minimal(br_x509_minimal_context *m, const struct x509_rules *r)
{
	int64_t now = r->now > 0 ? r->now : 0;

	br_x509_minimal_init(m, &br_sha256_vtable, r->anchors, r->n_anchors);
	br_x509_minimal_set_rsa(m, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_ecdsa(m, br_ec_get_default(),
	    br_ecdsa_vrfy_asn1_get_default());
	br_x509_minimal_set_hash(m, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_hash(m, br_sha384_ID, &br_sha384_vtable);
	br_x509_minimal_set_hash(m, br_sha512_ID, &br_sha512_vtable);
	br_x509_minimal_set_time(m, (uint32_t)(now / DAY + DAYS_BEFORE_1970),
	    (uint32_t)(now % DAY));
}

void
x509_check_init(struct x509_check *c, const struct x509_rules *rules)
{
	memset(c, 0, sizeof(*c));
	c->vtable = &check_vtable;
	c->rules = *rules;
	if (rules->n_anchors > 0) {
		init_minimal(&c->u.minimal, rules);
		c->inner = &c->u.minimal.vtable;
	} else {
		x509_any_init(&c->u.any);
		c->inner = &c->u.any.vtable;
	}
}

void
x509_check_release(struct x509_check *c)
{
	free(c->leaf);
	c->leaf = NULL;
}
