// SPDX-License-Identifier: MIT
/* One certificate through the DER walk and both ways of judging it. */
#include "crypto/x509_check.h"

#include <stdlib.h>

#include "core/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* As TLS has it: in pieces, as its records were cut. */
static void
judge(const struct x509_rules *r, const char *name, const uint8_t *p, size_t n,
    size_t piece)
{
	struct x509_check c;
	unsigned usages;
	size_t at;

	x509_check_init(&c, r);
	c.vtable->start_chain(&c.vtable, name);
	c.vtable->start_cert(&c.vtable, (uint32_t)n);
	for (at = 0; at < n; at += piece)
		c.vtable->append(&c.vtable, p + at, min_size(piece, n - at));
	c.vtable->end_cert(&c.vtable);
	if (c.vtable->end_chain(&c.vtable) == 0 &&
	    !c.vtable->get_pkey(&c.vtable, &usages))
		abort();
	x509_check_release(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t ip[4] = { 127, 0, 0, 1 };
	uint8_t dn[1] = { 0 }, q[65] = { 4 };
	br_x509_trust_anchor a = {
		.dn = { dn, 1 },
		.flags = BR_X509_TA_CA,
		.pkey = { .key_type = BR_KEYTYPE_EC,
		    .key.ec = { BR_EC_secp256r1, q, sizeof(q) } },
	};
	struct x509_rules believe = { .purpose = DER_FOR_SERVER };
	struct x509_rules strict = { .anchors = &a, .n_anchors = 1,
		.purpose = DER_FOR_CLIENT, .now = 1800000000 };
	struct der_cert d;

	if (der_cert(&d, p, n)) {
		der_cert_has_ip(&d, ip, sizeof(ip));
		der_cert_has_name(&d, "server.test");
		der_cert_is_for(&d, DER_FOR_SERVER);
	}
	judge(&believe, NULL, p, n, n ? n : 1);
	judge(&believe, NULL, p, n, 16);
	judge(&strict, "server.test", p, n, 16);
	return 0;
}
