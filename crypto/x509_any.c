// SPDX-License-Identifier: MIT
#include "crypto/x509_any.h"

#include <stddef.h>

static void
start_chain(const br_x509_class **ctx, const char *name)
{
	struct x509_any *x = (struct x509_any *)ctx;

	(void)name;
	x->certs = 0;
	br_x509_decoder_init(&x->decoder, NULL, NULL);
}

static void
start_cert(const br_x509_class **ctx, uint32_t len)
{
	(void)ctx, (void)len;
}

static void
append(const br_x509_class **ctx, const unsigned char *p, size_t n)
{
	struct x509_any *x = (struct x509_any *)ctx;

	/* one that has failed runs on when it is pushed, and not in its code */
	if (x->certs == 0 && x->decoder.err == 0)
		br_x509_decoder_push(&x->decoder, p, n);
}

static void
end_cert(const br_x509_class **ctx)
{
	((struct x509_any *)ctx)->certs++;
}

static unsigned
end_chain(const br_x509_class **ctx)
{
	struct x509_any *x = (struct x509_any *)ctx;

	if (x->certs == 0)
		return BR_ERR_X509_EMPTY_CHAIN;
	return (unsigned)br_x509_decoder_last_error(&x->decoder);
}

static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	struct x509_any *x = (struct x509_any *)(void *)(uintptr_t)ctx;

	if (usages)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return br_x509_decoder_get_pkey(&x->decoder);
}

static const br_x509_class any_vtable = {
	sizeof(struct x509_any),
	start_chain,
	start_cert,
	append,
	end_cert,
	end_chain,
	get_pkey,
};

void
x509_any_init(struct x509_any *x)
{
	x->vtable = &any_vtable;
	start_chain(&x->vtable, NULL);
}
