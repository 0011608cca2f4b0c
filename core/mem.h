/* Memory for small things: it is there, or the process says so and ends.
 * Whatever a peer can make grow has a cap of its own, checked before. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_zero(size_t n);		 /* zeroed; never NULL */
void *mem_grow(void *p, size_t n);	 /* as realloc; never NULL */
char *mem_dup(const char *s);		 /* NULL stays NULL */
char *mem_dupn(const char *s, size_t n); /* with a NUL behind it */
void mem_wipe(void *p, size_t n);	 /* zeroes that stay zeroes */
void mem_free_secret(char *s);		 /* wiped, then freed; NULL is fine */

/* Could n bytes be had now? */
bool mem_spare(size_t n);

#define mem_new(type) ((type *)mem_zero(sizeof(type)))

/* v[n] is writable afterwards; cap doubles from 4. */
void *mem_slot(void *v, size_t n, size_t *cap, size_t size);

#endif
