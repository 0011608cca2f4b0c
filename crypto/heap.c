// SPDX-License-Identifier: MIT
#include "crypto/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
heap_zero(size_t n)
{
	return must(calloc(1, n ? n : 1));
}

void *
heap_grow(void *p, size_t n)
{
	return must(realloc(p, n ? n : 1));
}

void *
heap_dup(const void *p, size_t n)
{
	void *to = must(malloc(n ? n : 1));

	if (n)
		memcpy(to, p, n);
	return to;
}

void
heap_wipe(void *p, size_t n)
{
	memset(p, 0, n);
	/* The compiler must believe that somebody looks. */
	__asm__ volatile("" : : "r"(p) : "memory");
}

void
heap_free_secret(void *p, size_t n)
{
	if (p)
		heap_wipe(p, n);
	free(p);
}
