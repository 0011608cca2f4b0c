// SPDX-License-Identifier: MIT
#include "core/mem.h"

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
mem_zero(size_t n)
{
	return must(calloc(1, n ? n : 1));
}

void *
mem_grow(void *p, size_t n)
{
	return must(realloc(p, n ? n : 1));
}

char *
mem_dup(const char *s)
{
	return s ? mem_dupn(s, strlen(s)) : NULL;
}

char *
mem_dupn(const char *s, size_t n)
{
	char *to = must(malloc(n + 1));

	if (n)
		memcpy(to, s, n);
	to[n] = '\0';
	return to;
}

bool
mem_spare(size_t n)
{
	void *volatile p = malloc(n); /* or the compiler sees no use in it */

	free(p);
	return p != NULL;
}

void
mem_wipe(void *p, size_t n)
{
	volatile unsigned char *at = p;

	while (n--)
		*at++ = 0;
}

void
mem_free_secret(char *s)
{
	if (s)
		mem_wipe(s, strlen(s));
	free(s);
}

void *
mem_slot(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 4;
	return mem_grow(v, *cap * size);
}
