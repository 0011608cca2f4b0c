// SPDX-License-Identifier: MIT
/* CTR takes eight pairs of blocks at a time, to hide what one AES round takes.
 * GHASH multiplies up to eight pairs with powers of H and reduces their sum
 * once; BearSSL hands it H alone, so each call makes its powers anew. */
#include "crypto/gcm_wide.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#include "crypto/raw.h"

#define PAIR	 32	    /* bytes of two blocks: one register */
#define PAIRS	 8	    /* at a time */
#define FEW	 4	    /* powers that are made for less than … */
#define MANY	 64	    /* … this many pairs */
#define CTR_MIN PAIR	    /* bytes from which CTR wins … */
#define HASH_MIN (PAIR * 7) /* … and GHASH, which has powers to make first */

#define WIDE  __attribute__((target("avx2,vaes,vpclmulqdq")))
#define INTO  __attribute__((always_inline)) inline
#define LOAD(p_)      _mm256_loadu_si256((const void *)(p_))
#define STORE(p_, x_) _mm256_storeu_si256((void *)(p_), x_)
#define BOTH(p_) \
	_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(p_)))
#define SWAP64(x_)  _mm256_shuffle_epi32(x_, 0x4e)
#define XOR(a_, b_) _mm256_xor_si256(a_, b_)

bool
gcm_wide_here(void)
{
	const unsigned ecx1 = bit_AES | bit_PCLMUL | bit_OSXSAVE;
	const unsigned ecx7 = bit_VAES | bit_VPCLMULQDQ;
	unsigned a, b, c, d, saved;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & ecx1) != ecx1)
		return false;
	__asm__ volatile("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
	return (saved & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
	    (b & bit_AVX2) != 0 && (c & ecx7) == ecx7;
}

#define EACH(op_) \
	do { \
		op_(0), op_(1), op_(2), op_(3), op_(4), op_(5), op_(6), \
		    op_(7); \
	} while (0)
#define START(i_) (b##i_ = counter(&at, k))
#define ROUND(i_) (b##i_ = _mm256_aesenc_epi128(b##i_, k))
#define LAST(i_)  (b##i_ = _mm256_aesenclast_epi128(b##i_, k))
#define PUT(i_) \
	(n > (i_) ? STORE(p + PAIR * (i_), \
	    XOR(LOAD(p + PAIR * (i_)), b##i_)) : (void)0)

#define ADD(i_) \
	add_pair(&x, (i_) == 7 ? y : zero, p + PAIR * (7 - (i_)), h, i_)

/* The counters are the last four bytes of their blocks, the highest first. */
WIDE static inline __m256i
counter(__m256i *at, __m256i k)
{
	const __m256i order = _mm256_setr_epi8(
	    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12,
	    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12);
	__m256i block = _mm256_shuffle_epi8(*at, order);

	*at = _mm256_add_epi32(*at, _mm256_setr_epi32(0, 0, 0, 2, 0, 0, 0, 2));
	return XOR(block, k);
}

/* Up to eight pairs; returns the counters after eight. */
WIDE static INTO __m256i
some_pairs(const br_aes_x86ni_ctr_keys *keys, __m256i at, uint8_t *p, size_t n)
{
	const uint8_t *key = keys->skey.skni;
	const uint8_t *end = key + 16 * keys->num_rounds;
	__m256i b0, b1, b2, b3, b4, b5, b6, b7, k = BOTH(key);

	EACH(START);
	while ((key += 16) < end) {
		k = BOTH(key);
		EACH(ROUND);
	}
	k = BOTH(end);
	EACH(LAST);
	EACH(PUT);
	return at;
}

WIDE static void
ctr_pairs(const br_aes_x86ni_ctr_keys *keys, const int iv[3], uint32_t cc,
    uint8_t *p, size_t n)
{
	__m256i at = _mm256_setr_epi32(iv[0], iv[1], iv[2], (int)cc, iv[0],
	    iv[1], iv[2], (int)(cc + 1));

	for (; n >= PAIRS; n -= PAIRS, p += PAIRS * PAIR)
		at = some_pairs(keys, at, p, PAIRS);
	if (n > 0)
		some_pairs(keys, at, p, n);
}

static uint32_t
ctr_run(const br_block_ctr_class *const *ctx, const void *iv, uint32_t cc,
    void *data, size_t len)
{
	const br_aes_x86ni_ctr_keys *keys = (const void *)ctx;
	size_t whole = len - len % PAIR;
	int nonce[3];

	if (len < CTR_MIN)
		return br_aes_x86ni_ctr_run(keys, iv, cc, data, len);
	memcpy(nonce, iv, sizeof(nonce));
	ctr_pairs(keys, nonce, cc, data, whole / PAIR);
	cc += (uint32_t)(whole / 16);
	if (len == whole)
		return cc;
	return br_aes_x86ni_ctr_run(keys, iv, cc, (uint8_t *)data + whole,
	    len - whole);
}

static void
ctr_init(const br_block_ctr_class **ctx, const void *key, size_t len)
{
	br_aes_x86ni_ctr_init((br_aes_x86ni_ctr_keys *)ctx, key, len);
	*ctx = &gcm_wide_ctr;
}

const br_block_ctr_class gcm_wide_ctr = {
	.context_size = sizeof(br_aes_x86ni_ctr_keys),
	.block_size = 16,
	.log_block_size = 4,
	.init = ctr_init,
	.run = ctr_run,
};

/* GHASH is POLYVAL with the bytes of each block turned round and H times x
 * (RFC 8452, appendix A); that saves the shift after each product. */
struct product {
	__m256i low, mid, high;
};

/* Pairs of powers: [H^2 H], [H^4 H^3], …; sum: their halves added. */
struct powers {
	__m256i full[PAIRS], sum[PAIRS];
};

WIDE static inline __m256i
turned(__m256i x)
{
	return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
	    0)));
}

/* Adds a times b, the way of Karatsuba. */
WIDE static inline void
multiply(struct product *to, __m256i a, __m256i b, __m256i b_sum)
{
	__m256i a_sum = XOR(a, SWAP64(a));

	to->low = XOR(to->low, _mm256_clmulepi64_epi128(a, b, 0x00));
	to->high = XOR(to->high, _mm256_clmulepi64_epi128(a, b, 0x11));
	to->mid = XOR(to->mid, _mm256_clmulepi64_epi128(a_sum, b_sum, 0x00));
}

/* By x^128 + x^127 + x^126 + x^121 + 1, as Montgomery does it: each step adds
 * the multiple that clears the lowest 64 bits, and drops them. */
WIDE static inline __m256i
reduce(struct product x)
{
	const __m256i poly =
	    _mm256_set1_epi64x((long long)0xc200000000000000);
	__m256i mid = XOR(x.mid, XOR(x.low, x.high));
	__m256i low = XOR(x.low, _mm256_slli_si256(mid, 8));
	__m256i high = XOR(x.high, _mm256_srli_si256(mid, 8));

	low = XOR(SWAP64(low), _mm256_clmulepi64_epi128(low, poly, 0x00));
	low = XOR(SWAP64(low), _mm256_clmulepi64_epi128(low, poly, 0x00));
	return XOR(high, low);
}

WIDE static inline __m256i
times(__m256i a, __m256i b)
{
	struct product x = { _mm256_setzero_si256(), _mm256_setzero_si256(),
		_mm256_setzero_si256() };

	multiply(&x, a, b, XOR(b, SWAP64(b)));
	return reduce(x);
}

/* In both halves of the register. */
WIDE static inline __m256i
times_x(__m256i h)
{
	__m256i top = _mm256_srli_epi64(h, 63);
	__m256i over = _mm256_srai_epi32(_mm256_shuffle_epi32(h, 0xff), 31);

	h = XOR(_mm256_add_epi64(h, h), _mm256_slli_si256(top, 8));
	return XOR(h, _mm256_and_si256(over, _mm256_setr_epi64x(1,
	    (long long)0xc200000000000000, 1,
	    (long long)0xc200000000000000)));
}

/* Each round doubles how many there are. */
WIDE static inline void
make_powers(struct powers *to, const void *h, size_t n)
{
	__m256i one = times_x(turned(BOTH(h))), step = times(one, one);
	size_t i, have = 1;

	to->full[0] = _mm256_blend_epi32(step, one, 0xf0);
	for (; have < n; have *= 2) {
		for (i = 0; i < have; i++)
			to->full[have + i] = times(to->full[i], step);
		step = times(step, step);
	}
	for (i = 0; i < have; i++)
		to->sum[i] = XOR(to->full[i], SWAP64(to->full[i]));
}

WIDE static inline void
add_pair(struct product *to, __m256i y, const uint8_t *p,
    const struct powers *h, size_t i)
{
	multiply(to, XOR(turned(LOAD(p)), y), h->full[i], h->sum[i]);
}

WIDE static inline __m256i
total(struct product x)
{
	__m256i y = reduce(x);

	return _mm256_zextsi128_si256(_mm_xor_si128(_mm256_castsi256_si128(y),
	    _mm256_extracti128_si256(y, 1)));
}

/* From the last pair to the first: only that one wants what came out of those
 * before, which may not be known yet. */
WIDE static inline __m256i
hash_some(const struct powers *h, __m256i y, const uint8_t *p, size_t n)
{
	const __m256i zero = _mm256_setzero_si256();
	struct product x = { zero, zero, zero };
	size_t i;

	for (i = 0; i + 1 < n; i++)
		add_pair(&x, zero, p + PAIR * (n - 1 - i), h, i);
	add_pair(&x, y, p, h, i);
	return total(x);
}

/* The same, a tenth faster. */
WIDE static inline __m256i
hash_eight(const struct powers *h, __m256i y, const uint8_t *p)
{
	const __m256i zero = _mm256_setzero_si256();
	struct product x = { zero, zero, zero };

	EACH(ADD);
	return total(x);
}

WIDE static void
hash_pairs(void *to, const void *h, const uint8_t *p, size_t n)
{
	size_t most = n < MANY ? FEW : PAIRS, part;
	struct powers powers RAW;
	__m256i y = turned(_mm256_zextsi128_si256(_mm_loadu_si128(to)));

	make_powers(&powers, h, most);
	for (; most == PAIRS && n >= PAIRS; n -= PAIRS, p += PAIRS * PAIR)
		y = hash_eight(&powers, y, p);
	for (; n > 0; n -= part, p += part * PAIR) {
		part = n < most ? n : most;
		y = hash_some(&powers, y, p, part);
	}
	_mm_storeu_si128(to, _mm256_castsi256_si128(turned(y)));
}

void
gcm_wide_ghash(void *y, const void *h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t whole = 0;

	if (len >= HASH_MIN) {
		whole = len - len % PAIR;
		hash_pairs(y, h, p, whole / PAIR);
		if (len == whole)
			return;
	}
	br_ghash_pclmul(y, h, p + whole, len - whole);
}

#else

#include <stdlib.h>

bool
gcm_wide_here(void)
{
	return false;
}

const br_block_ctr_class gcm_wide_ctr = { 0 };

void
gcm_wide_ghash(void *y, const void *h, const void *data, size_t len)
{
	(void)y, (void)h, (void)data, (void)len;
	abort();
}

#endif
