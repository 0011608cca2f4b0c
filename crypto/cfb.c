// SPDX-License-Identifier: MIT
/* CFB is sequential when it encrypts and parallel when it decrypts.  Whole
 * blocks go the fast way, the ends byte by byte. */
#include "crypto/cfb.h"

#include "crypto/cfb_internal.h"
#include "crypto/heap.h"
#include "crypto/raw.h"

#include <bearssl.h>
#include <string.h>

#define BLOCK CFB_IV_LEN
#define CHUNK 4096 /* of plain text, kept aside while it is encrypted */

struct cfb {
	br_aes_gen_cbcenc_keys aes;
	uint8_t last[BLOCK];   /* the cipher text block before this one */
	uint8_t stream[BLOCK]; /* its encryption, when used > 0 */
	unsigned used;	       /* bytes of this block that have passed */
	bool fast;
};

struct cfb *
cfb_new(const uint8_t key[static CFB_KEY_LEN],
    const uint8_t iv[static CFB_IV_LEN])
{
	return cfb_new_with(key, iv, br_aes_x86ni_cbcenc_get_vtable() != NULL);
}

struct cfb *
cfb_new_with(const uint8_t key[static CFB_KEY_LEN],
    const uint8_t iv[static CFB_IV_LEN], bool fast)
{
	const br_block_cbcenc_class *impl = &br_aes_ct64_cbcenc_vtable;
	struct cfb *c = heap_new(struct cfb);

	if (fast)
		impl = br_aes_x86ni_cbcenc_get_vtable();
	c->fast = fast;
	impl->init(&c->aes.vtable, key, CFB_KEY_LEN);
	memcpy(c->last, iv, BLOCK);
	return c;
}

void
cfb_free(struct cfb *c)
{
	heap_free_secret(c, sizeof(*c));
}

/* CBC over one block of zeroes is the bare cipher over the IV. */
static void
next_stream(struct cfb *c)
{
	uint8_t iv[BLOCK];

	memcpy(iv, c->last, BLOCK);
	memset(c->stream, 0, BLOCK);
	c->aes.vtable->run(&c->aes.vtable, iv, c->stream, BLOCK);
}

static size_t
some_bytes(struct cfb *c, uint8_t *p, size_t n, bool sealing)
{
	uint8_t in;
	size_t i;

	for (i = 0; i < n && c->used < BLOCK; i++) {
		in = p[i];
		p[i] ^= c->stream[c->used];
		c->last[c->used++] = sealing ? p[i] : in;
	}
	if (c->used == BLOCK)
		c->used = 0;
	return i;
}

/* With D = CBC(P, iv E(last)) there holds D[i] = E(P[i] ^ D[i-1]), and so
 * C[i] = P[i] ^ D[i-1] is CFB's cipher text: one long run, not n short ones. */
static void
encrypt_blocks(struct cfb *c, uint8_t *p, size_t n)
{
	uint8_t iv[BLOCK], d[CHUNK] RAW;
	size_t i, part;

	for (; n > 0; n -= part, p += part) {
		part = n < CHUNK ? n : CHUNK;
		next_stream(c);
		memcpy(iv, c->stream, BLOCK);
		memcpy(d, p, part);
		c->aes.vtable->run(&c->aes.vtable, iv, d, part);
		for (i = 0; i < BLOCK; i++)
			p[i] ^= c->stream[i];
		for (i = BLOCK; i < part; i++)
			p[i] ^= d[i - BLOCK];
		memcpy(c->last, p + part - BLOCK, BLOCK);
	}
	heap_wipe(d, sizeof(d));
}

static void
decrypt_blocks(struct cfb *c, uint8_t *p, size_t n)
{
	if (c->fast) {
		cfb_x86_decrypt(c->aes.c_x86ni.skey.skni, c->last, p, n);
		return;
	}
	for (; n > 0; n -= BLOCK, p += BLOCK) {
		next_stream(c);
		c->used = 0;
		some_bytes(c, p, BLOCK, false);
	}
}

static void
run(struct cfb *c, uint8_t *p, size_t n, bool sealing)
{
	size_t whole, head = 0;

	if (c->used > 0)
		head = some_bytes(c, p, n, sealing);
	p += head;
	n -= head;
	whole = n - n % BLOCK;
	if (whole > 0 && sealing)
		encrypt_blocks(c, p, whole);
	else if (whole > 0)
		decrypt_blocks(c, p, whole);
	if (n > whole) {
		next_stream(c);
		some_bytes(c, p + whole, n - whole, sealing);
	}
}

void
cfb_encrypt(struct cfb *c, uint8_t *p, size_t n)
{
	run(c, p, n, true);
}

void
cfb_decrypt(struct cfb *c, uint8_t *p, size_t n)
{
	run(c, p, n, false);
}
