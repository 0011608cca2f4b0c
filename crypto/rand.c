// SPDX-License-Identifier: MIT
#include "crypto/rand.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void
rand_bytes(void *to, size_t n)
{
	uint8_t *p = to;
	ssize_t got;

	while (n > 0) {
		got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			perror("no random bytes from the kernel");
			abort();
		}
		p += got;
		n -= (size_t)got;
	}
}
