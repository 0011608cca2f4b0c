// SPDX-License-Identifier: MIT
/* Once it is clear what speaks, more bytes must not change it. */
#include <stdlib.h>

#include "core/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	enum hello was = HELLO_MORE, now;
	int v2 = 0, v2_now;
	size_t i;

	for (i = 0; i <= n; i++) {
		now = hello_of(p, i);
		if (was != HELLO_MORE && now != was)
			abort();
		was = now;
		v2_now = hello_v2(p, i);
		if (v2 != 0 && v2_now != v2)
			abort();
		v2 = v2_now;
	}
	if ((n >= 10 && was == HELLO_MORE) || (n >= HELLO_V2_LEN && v2 == 0))
		abort();
	if (n)
		hello_hint(*p);
	return 0;
}
