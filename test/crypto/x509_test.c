// SPDX-License-Identifier: MIT
/* The DER walk, the certificate we make, and the checker around BearSSL's. */
#include "crypto/der.h"
#include "crypto/x509_check.h"
#include "crypto/x509_make.h"
#include "test/crypto/hex.h"
#include "test/t.h"
#include "test/vectors/certs.h"

#define NOW ((int64_t)1800000000)

static const uint8_t home4[] = { 127, 0, 0, 1 };
static const uint8_t home6[16] = { [15] = 1 };

TEST(der_finds_names_and_purposes)
{
	struct pem_certs c;
	struct der_cert d;

	CHECK(!pem_read_certs(&c, PEM_SERVER PEM_CA PEM_YEAR1 PEM_CLIENT));
	CHECK(der_cert(&d, c.v[0].data, c.v[0].data_len));
	CHECK(d.spki.n == 91 && d.spki.p[0] == DER_SEQUENCE);
	CHECK(der_cert_has_ip(&d, home4, 4) && der_cert_has_ip(&d, home6, 16));
	CHECK(!der_cert_has_ip(&d, (const uint8_t[]){ 127, 0, 0, 2 }, 4));
	CHECK(!der_cert_has_ip(&d, home6, 4));
	CHECK(der_cert_is_for(&d, DER_FOR_SERVER));
	CHECK(!der_cert_is_for(&d, DER_FOR_CLIENT));
	CHECK(der_cert(&d, c.v[1].data, c.v[1].data_len));
	CHECK(der_cert_is_for(&d, DER_FOR_CLIENT));
	CHECK(!der_cert_has_ip(&d, home4, 4));
	CHECK(der_cert(&d, c.v[2].data, c.v[2].data_len));
	CHECK(d.extensions.n == 0 && d.spki.n == 294);
	CHECK(der_cert(&d, c.v[3].data, c.v[3].data_len));
	CHECK(der_cert_is_for(&d, DER_FOR_CLIENT));
	CHECK(!der_cert_is_for(&d, DER_FOR_SERVER));
	pem_free_certs(&c);
}

/* A certificate of nothing but one alternative name. */
static bool
is_for(uint8_t tag, const char *san, size_t n, const char *name)
{
	uint8_t ext[80] = { DER_SEQUENCE, 0, DER_OID, 3, 0x55, 0x1d, 17,
		DER_OCTETS, 0, DER_SEQUENCE, 0, tag };
	struct der_cert d = { .extensions = { ext, 13 + n } };

	ext[12] = (uint8_t)n;
	ext[10] = (uint8_t)(n + 2);
	ext[8] = (uint8_t)(n + 4);
	ext[1] = (uint8_t)(n + 11);
	memcpy(ext + 13, san, n);
	return der_cert_has_name(&d, name);
}

TEST(der_cert_is_for_a_name_as_browsers_and_go_see_it)
{
	static const struct {
		const char *san, *name;
		bool same;
	} rows[] = {
		{ "a.test", "a.test", true },
		{ "A.tesT", "a.TEST", true },
		{ "*.test", "a.test", true },
		{ "*.b.test", "a.B.test", true },
		{ "a.test", "b.test", false },
		{ "a.test", "a.tes", false },
		{ "a.test", "x.a.test", false },
		{ "*.test", "test", false },
		{ "*.test", "a.b.test", false },
		{ "*.test", ".test", false },
		{ "*.test", "*.test", false },
		{ "*.", "a.", false },
		{ "*.", "a", false },
		{ "*", "a", false },
		{ "*", "*", false },
		{ "a*.test", "ab.test", false },
		{ "*.*.test", "a.b.test", false },
		{ "a.*", "a.test", false },
		{ "a.test.", "a.test", false },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "", "", false },
		{ ".", ".", false },
		{ "[a", "{a", false },
		{ "a..b", "a..b", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_for(0x82, rows[i].san, strlen(rows[i].san),
			rows[i].name) != rows[i].same)
			CHECK_STR(rows[i].san, rows[i].name);
	CHECK(!is_for(0x82, "a.test\0.b.test", 14, "a.test"));
	CHECK(!is_for(0x82, "a.test\0", 7, "a.test"));
	CHECK(!is_for(0x81, "a.test", 6, "a.test")); /* rfc822Name */
	CHECK(!is_for(0x86, "a.test", 6, "a.test")); /* URI */
}

/* From memory of just that size, so that a look beyond it is noticed. */
TEST(der_stays_within_a_certificate_that_ends_anywhere)
{
	struct pem_certs c;
	struct der_cert d;
	uint8_t *copy;
	size_t n, i;

	CHECK(!pem_read_certs(&c, PEM_SERVER));
	for (n = 0; n < c.v[0].data_len; n++) {
		copy = malloc(n ? n : 1);
		memcpy(copy, c.v[0].data, n);
		CHECK(!der_cert(&d, copy, n));
		free(copy);
	}
	copy = malloc(n);
	for (i = 0; i < n; i++) {
		memcpy(copy, c.v[0].data, n);
		copy[i] ^= 0xff;
		if (der_cert(&d, copy, n)) {
			der_cert_has_ip(&d, home4, 4);
			der_cert_has_name(&d, "server.test");
			der_cert_is_for(&d, DER_FOR_CLIENT);
		}
	}
	free(copy);
	pem_free_certs(&c);
}

TEST(der_take_refuses_lengths_that_do_not_fit)
{
	static const char *const bad[] = { "", "30", "3001", "300200", "3080",
		"308101", "30818000", "3082", "308200", "3084000000010000",
		"30ff", "308300000200" };
	uint8_t b[16];
	struct der d, in;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d = (struct der){ b, hex_read(b, bad[i]) };
		CHECK(!der_take(&d, DER_SEQUENCE, &in, NULL) && d.p == b);
	}
	d = (struct der){ b, hex_read(b, "3081020102ff") };
	CHECK(der_take(&d, DER_SEQUENCE, &in, NULL) && in.n == 2 && d.n == 1);
}

static unsigned
check(struct x509_check *c, const struct x509_rules *r, const char *name,
    const br_x509_certificate *v, size_t n)
{
	size_t i, at;

	x509_check_init(c, r);
	c->vtable->start_chain(&c->vtable, name);
	for (i = 0; i < n; i++) {
		c->vtable->start_cert(&c->vtable, (uint32_t)v[i].data_len);
		for (at = 0; at < v[i].data_len; at++)
			c->vtable->append(&c->vtable, v[i].data + at, 1);
		c->vtable->end_cert(&c->vtable);
	}
	return c->vtable->end_chain(&c->vtable);
}

TEST(x509_make_makes_what_a_client_may_trust)
{
	static const uint8_t seed[32] = "seed";
	struct x509_rules r = { .purpose = DER_FOR_SERVER };
	br_x509_trust_anchor a = { .flags = 0 };
	static const int64_t times[] = { 0, NOW, 2208988800, 2500000000,
		4107542400 };
	br_x509_decoder_context d;
	struct pem_certs c;
	struct x509_check x;
	struct pem_key k;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		k = (struct pem_key){ 0 };
		x509_make(&c, &k, times[i], seed);
		CHECK(k.type == BR_KEYTYPE_EC && c.n == 1);
		br_x509_decoder_init(&d, NULL, NULL);
		br_x509_decoder_push(&d, c.v[0].data, c.v[0].data_len);
		CHECK(br_x509_decoder_last_error(&d) == 0);
		a.pkey = *br_x509_decoder_get_pkey(&d);
		/* The subject stands before the key: CN=culvert, 20 bytes. */
		a.dn.data = malloc(20);
		hex_read(a.dn.data,
		    "3012311030" "0e0603550403" "0c0763756c76657274");
		a.dn.len = 20;
		r.anchors = &a;
		r.n_anchors = 1;
		r.now = times[i];
		CHECK(check(&x, &r, "culvert", c.v, 1) == 0);
		x509_check_release(&x);
		CHECK(check(&x, &r, "other", c.v, 1) ==
		    BR_ERR_X509_BAD_SERVER_NAME);
		x509_check_release(&x);
		r.now = times[i] + 3653 * (int64_t)86400;
		CHECK(check(&x, &r, "culvert", c.v, 1) == BR_ERR_X509_EXPIRED);
		x509_check_release(&x);
		r.now = times[i] - 3601;
		CHECK(times[i] == 0 || check(&x, &r, "culvert", c.v, 1) ==
		    BR_ERR_X509_EXPIRED);
		x509_check_release(&x);
		free(a.dn.data);
		pem_free_certs(&c);
		pem_free_key(&k);
	}
}

/* BearSSL's decoder runs on, out of its code, when it is pushed after it has
 * failed; so what comes in pieces must end at the first that is wrong. */
TEST(a_certificate_that_is_wrong_anywhere_does_no_harm_in_pieces)
{
	struct x509_rules r = { .now = NOW };
	struct pem_certs c;
	struct x509_check x;
	size_t bit;

	CHECK(!pem_read_certs(&c, PEM_SERVER));
	for (bit = 0; bit < c.v[0].data_len * 8; bit++) {
		c.v[0].data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check(&x, &r, NULL, c.v, 1);
		x509_check_release(&x);
		c.v[0].data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CHECK(check(&x, &r, NULL, c.v, 1) == 0);
	x509_check_release(&x);
	pem_free_certs(&c);
}

TEST(x509_check_has_limits)
{
	struct x509_rules r = { .now = NOW };
	br_x509_certificate v[X509_MAX_CHAIN + 1];
	struct pem_certs c;
	struct x509_check x;
	uint8_t big[1] = { 0 };
	size_t i;

	CHECK(!pem_read_certs(&c, PEM_SERVER));
	for (i = 0; i <= X509_MAX_CHAIN; i++)
		v[i] = c.v[0];
	CHECK(check(&x, &r, NULL, v, X509_MAX_CHAIN) == 0 && x.has_spki);
	CHECK(x.vtable->get_pkey(&x.vtable, NULL) != NULL);
	x509_check_release(&x);
	CHECK(check(&x, &r, NULL, v, X509_MAX_CHAIN + 1) == X509_ERR_TOO_LONG);
	CHECK(x.vtable->get_pkey(&x.vtable, NULL) == NULL);
	x509_check_release(&x);
	CHECK(check(&x, &r, NULL, v, 0) == BR_ERR_X509_EMPTY_CHAIN);
	x509_check_release(&x);
	x509_check_init(&x, &r);
	x.vtable->start_chain(&x.vtable, NULL);
	x.vtable->start_cert(&x.vtable, X509_MAX_CERT + 1);
	x.vtable->append(&x.vtable, big, 1);
	CHECK(x.vtable->end_chain(&x.vtable) == X509_ERR_TOO_LONG);
	x509_check_release(&x);
	pem_free_certs(&c);
}
