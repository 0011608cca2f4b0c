/* Snappy's raw block format: a length, then literals and copies. */
#ifndef CORE_SNAPPY_H
#define CORE_SNAPPY_H

#include <stddef.h>
#include <stdint.h>

#define SNAPPY_BLOCK_MAX 65536 /* what the encoder takes in one call */
/* No block of n bytes is longer when encoded (snappy's own bound). */
#define SNAPPY_BOUND(n) (32 + (n) + (n) / 6)

/* Encodes n <= SNAPPY_BLOCK_MAX bytes into at most cap bytes at to; the
 * length, or 0 when it takes more.  SNAPPY_BOUND(n) always suffices. */
size_t snappy_encode(uint8_t *to, size_t cap, const uint8_t *p, size_t n);

/* How many bytes the block says to hold, and in *head how many bytes said so;
 * <0 when they cannot be read. */
int64_t snappy_len(const uint8_t *p, size_t n, size_t *head);
/* Decodes what comes behind the head into exactly len bytes.  0, or
 * ERR_PROTO: then to holds anything. */
int snappy_decode(uint8_t *to, size_t len, const uint8_t *p, size_t n);

#endif
