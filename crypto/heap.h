/* Memory for the cryptographic layer, which knows nothing of core/: it is
 * there, or the process says so and ends.  What held a key is wiped. */
#ifndef CRYPTO_HEAP_H
#define CRYPTO_HEAP_H

#include <stddef.h>

void *heap_zero(size_t n);	       /* zeroed; never NULL */
void *heap_grow(void *p, size_t n);    /* as realloc; never NULL */
void *heap_dup(const void *p, size_t n);
void heap_wipe(void *p, size_t n);
void heap_free_secret(void *p, size_t n); /* wiped, freed; NULL is fine */

#define heap_new(type) ((type *)heap_zero(sizeof(type)))

#endif
