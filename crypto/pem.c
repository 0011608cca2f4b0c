// SPDX-License-Identifier: MIT
#include "crypto/pem.h"

#include "crypto/heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct block {
	char name[128];
	uint8_t *data; /* PEM_MAX_BLOCK bytes */
	size_t n;
	bool too_big;
};

typedef const char *block_cb(struct block *b, void *arg);

static void
add_bytes(void *arg, const void *p, size_t n)
{
	struct block *b = arg;

	if (n > PEM_MAX_BLOCK - b->n) {
		b->too_big = true;
		return;
	}
	memcpy(b->data + b->n, p, n);
	b->n += n;
}

/* BearSSL's decoder stumbles over CR, and wants a line after the last. */
static char *
tidy(const char *text, size_t *n)
{
	char *copy = heap_zero(strlen(text) + 3), *to = copy;

	for (; *text; text++)
		if (*text != '\r')
			*to++ = *text;
	*to++ = '\n';
	*to++ = '\n';
	*n = (size_t)(to - copy);
	return copy;
}

/* Gives every block to take, until it objects. */
static const char *
read_blocks(const char *text, block_cb *take, void *arg)
{
	struct block b = { .data = heap_zero(PEM_MAX_BLOCK) };
	br_pem_decoder_context d;
	const char *why = NULL;
	size_t n, at = 0;
	char *copy = tidy(text, &n);
	bool inside = false;

	br_pem_decoder_init(&d);
	while (!why && at < n) {
		at += br_pem_decoder_push(&d, copy + at, n - at);
		switch (br_pem_decoder_event(&d)) {
		case BR_PEM_BEGIN_OBJ:
			strcpy(b.name, br_pem_decoder_name(&d));
			b.n = 0;
			b.too_big = false;
			inside = true;
			br_pem_decoder_setdest(&d, add_bytes, &b);
			break;
		case BR_PEM_END_OBJ:
			inside = false;
			why = b.too_big ? "PEM block is too long" :
			    take(&b, arg);
			break;
		case BR_PEM_ERROR:
			inside = false;
			why = "PEM block is damaged";
			break;
		}
	}
	if (!why && inside)
		why = "PEM block has no end";
	heap_free_secret(b.data, PEM_MAX_BLOCK);
	heap_free_secret(copy, n);
	heap_wipe(&d, sizeof(d));
	return why;
}

static const char *
take_cert(struct block *b, void *arg)
{
	struct pem_certs *c = arg;

	if (strcmp(b->name, "CERTIFICATE") != 0 &&
	    strcmp(b->name, "X509 CERTIFICATE") != 0)
		return NULL;
	if (c->n == PEM_MAX_CERTS)
		return "too many certificates in one file";
	c->v = heap_grow(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n].data = heap_dup(b->data, b->n);
	c->v[c->n++].data_len = b->n;
	return NULL;
}

const char *
pem_read_certs(struct pem_certs *to, const char *text)
{
	const char *why;

	*to = (struct pem_certs){ 0 };
	why = read_blocks(text, take_cert, to);
	if (!why && to->n == 0)
		why = "no certificate found";
	if (why)
		pem_free_certs(to);
	return why;
}

static bool
is_supported_curve(int curve)
{
	return curve == BR_EC_secp256r1 || curve == BR_EC_secp384r1 ||
	    curve == BR_EC_secp521r1;
}

static const char *
take_key(struct block *b, void *arg)
{
	br_skey_decoder_context *d;
	struct pem_key *k = arg;

	if (strcmp(b->name, "ENCRYPTED PRIVATE KEY") == 0)
		return "encrypted private keys are not supported";
	if (strcmp(b->name, BR_ENCODE_PEM_PKCS8) != 0 &&
	    strcmp(b->name, BR_ENCODE_PEM_RSA_RAW) != 0 &&
	    strcmp(b->name, BR_ENCODE_PEM_EC_RAW) != 0)
		return NULL;
	if (k->type != 0)
		return "more than one private key in one file";
	k->memory = d = heap_zero(sizeof(*d));
	k->size = sizeof(*d);
	br_skey_decoder_init(d);
	br_skey_decoder_push(d, b->data, b->n);
	if (br_skey_decoder_last_error(d) != 0)
		return "private key is damaged, or neither RSA nor EC "
		       "(P-256, P-384, P-521)";
	k->type = br_skey_decoder_key_type(d);
	if (k->type == BR_KEYTYPE_RSA)
		k->rsa = *br_skey_decoder_get_rsa(d);
	else
		k->ec = *br_skey_decoder_get_ec(d);
	if (k->type == BR_KEYTYPE_EC && !is_supported_curve(k->ec.curve))
		return "private key is on a curve that is not supported";
	return NULL;
}

const char *
pem_read_key(struct pem_key *to, const char *text)
{
	const char *why;

	*to = (struct pem_key){ 0 };
	/* The old way of OpenSSL: header lines within the block. */
	if (strstr(text, "Proc-Type:") && strstr(text, "ENCRYPTED"))
		return "encrypted private keys are not supported";
	why = read_blocks(text, take_key, to);
	if (!why && to->type == 0)
		why = "no private key found";
	if (why)
		pem_free_key(to);
	return why;
}

void
pem_free_certs(struct pem_certs *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].data);
	free(c->v);
	*c = (struct pem_certs){ 0 };
}

void
pem_free_key(struct pem_key *k)
{
	heap_free_secret(k->memory, k->size);
	*k = (struct pem_key){ 0 };
}
