/* Random bytes from the kernel, or the end of the process.  Called by net/
 * and cmd/, who hand them to the machines. */
#ifndef CRYPTO_RAND_H
#define CRYPTO_RAND_H

#include <stddef.h>

void rand_bytes(void *to, size_t n);

#endif
