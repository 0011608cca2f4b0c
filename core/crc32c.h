/* CRC-32C (Castagnoli), as snappy's framing and others use it. */
#ifndef CORE_CRC32C_H
#define CORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc is 0 for a start, or what the call before returned. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
/* The same without the processor's instruction, for where it has none. */
uint32_t crc32c_table(uint32_t crc, const void *p, size_t n);

#endif
