// SPDX-License-Identifier: MIT
/* CFB decryption eight blocks at a time: one AES instruction takes four
 * cycles but a new one may start every cycle, so the blocks are written out
 * one by one; a loop over them would keep them in memory. */
#include "crypto/cfb_internal.h"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>

#define AES  __attribute__((target("aes,sse4.1")))
#define LOAD(p_)      _mm_loadu_si128((const void *)(p_))
#define STORE(p_, x_) _mm_storeu_si128((void *)(p_), x_)

#define EACH(op_)                                                         \
	do {                                                              \
		op_(b0), op_(b1), op_(b2), op_(b3), op_(b4), op_(b5),     \
		    op_(b6), op_(b7);                                     \
	} while (0)
#define WHITEN(b_) (b_ = _mm_xor_si128(b_, k[0]))
#define ROUND(b_)  (b_ = _mm_aesenc_si128(b_, k[r]))
#define LAST(b_)   (b_ = _mm_aesenclast_si128(b_, k[10]))
#define PUT(b_, i_) STORE(p + 16 * (i_), _mm_xor_si128(b_, c##i_))

AES static __m128i
one_block(const __m128i k[11], __m128i b0)
{
	int r;

	WHITEN(b0);
	for (r = 1; r < 10; r++)
		ROUND(b0);
	return LAST(b0);
}

AES static __m128i
eight_blocks(const __m128i k[11], __m128i b0, uint8_t *p)
{
	__m128i c0 = LOAD(p), c1 = LOAD(p + 16), c2 = LOAD(p + 32);
	__m128i c3 = LOAD(p + 48), c4 = LOAD(p + 64), c5 = LOAD(p + 80);
	__m128i c6 = LOAD(p + 96), c7 = LOAD(p + 112);
	__m128i b1 = c0, b2 = c1, b3 = c2, b4 = c3, b5 = c4, b6 = c5, b7 = c6;
	int r;

	EACH(WHITEN);
	for (r = 1; r < 10; r++)
		EACH(ROUND);
	EACH(LAST);
	PUT(b0, 0);
	PUT(b1, 1);
	PUT(b2, 2);
	PUT(b3, 3);
	PUT(b4, 4);
	PUT(b5, 5);
	PUT(b6, 6);
	PUT(b7, 7);
	return c7;
}

AES void
cfb_x86_decrypt(const uint8_t *keys, uint8_t last[static CFB_IV_LEN],
    uint8_t *p, size_t n)
{
	__m128i k[11], before = LOAD(last), c0;
	int r;

	for (r = 0; r < 11; r++)
		k[r] = LOAD(keys + 16 * r);
	for (; n >= 128; n -= 128, p += 128)
		before = eight_blocks(k, before, p);
	for (; n >= 16; n -= 16, p += 16) {
		c0 = LOAD(p);
		STORE(p, _mm_xor_si128(one_block(k, before), c0));
		before = c0;
	}
	STORE(last, before);
}

#else

#include <stdlib.h>

/* Never called: without this CPU there is no fast object. */
void
cfb_x86_decrypt(const uint8_t *keys, uint8_t last[static CFB_IV_LEN],
    uint8_t *p, size_t n)
{
	(void)keys, (void)last, (void)p, (void)n;
	abort();
}

#endif
