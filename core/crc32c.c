// SPDX-License-Identifier: MIT
#include "core/crc32c.h"

#include <string.h>

/* A CRC is linear: the entry of a byte is the sum of those of its bits.  So
 * the tables are spelled out by their bits alone. */
#define R4(x, a, b)	       (x), (x) ^ (a), (x) ^ (b), (x) ^ (a) ^ (b)
#define R16(x, a, b, c, d) \
	R4(x, a, b), R4((x) ^ (c), a, b), R4((x) ^ (d), a, b), \
	    R4((x) ^ (c) ^ (d), a, b)
#define R64(x, a, b, c, d, e, f)                              \
	R16(x, a, b, c, d), R16((x) ^ (e), a, b, c, d),       \
	    R16((x) ^ (f), a, b, c, d), R16((x) ^ (e) ^ (f), a, b, c, d)
#define R256(a, b, c, d, e, f, g, h)                                  \
	R64(0, a, b, c, d, e, f), R64(g, a, b, c, d, e, f),           \
	    R64(h, a, b, c, d, e, f), R64((g) ^ (h), a, b, c, d, e, f)

/* Row k: what a byte does to the CRC of k more zero bytes. */
static const uint32_t table[8][256] = {
	{ R256(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf,
	    0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78) },
	{ R256(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8,
	    0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9) },
	{ R256(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5,
	    0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743) },
	{ R256(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6,
	    0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f) },
	{ R256(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91,
	    0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c) },
	{ R256(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f,
	    0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6) },
	{ R256(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53,
	    0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4) },
	{ R256(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da,
	    0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664) },
};

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

uint32_t
crc32c_table(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t a, b;

	crc = ~crc;
	for (; n >= 8; p += 8, n -= 8) {
		a = crc ^ le32(p);
		b = le32(p + 4);
		crc = table[7][a & 255] ^ table[6][a >> 8 & 255] ^
		    table[5][a >> 16 & 255] ^ table[4][a >> 24] ^
		    table[3][b & 255] ^ table[2][b >> 8 & 255] ^
		    table[1][b >> 16 & 255] ^ table[0][b >> 24];
	}
	for (; n > 0; n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc32c_sse(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t sum = (uint32_t)~crc, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		sum = __builtin_ia32_crc32di(sum, word);
	}
	for (; n > 0; n--)
		sum = __builtin_ia32_crc32qi((uint32_t)sum, *p++);
	return ~(uint32_t)sum;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse(crc, p, n);
#endif
	return crc32c_table(crc, p, n);
}
