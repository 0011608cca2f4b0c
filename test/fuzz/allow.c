// SPDX-License-Identifier: MIT
/* A list, a NUL, and a host to ask about.  Whatever the list says, nobody gets
 * to the unspecified address, and a list that was refused allows nothing. */
#include <assert.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/allow.h"
#include "core/ip_text.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The system's reader is no stricter than ours, nor ours than it. */
static void
address(const char *s)
{
	uint8_t ours[16], theirs[16];
	size_t len = ip_text_read(ours, s, strlen(s));

	if (strchr(s, ':')) {
		assert((inet_pton(AF_INET6, s, theirs) == 1) == (len == 16));
		assert(len == 0 || memcmp(ours, theirs, 16) == 0);
	} else {
		assert((inet_pton(AF_INET, s, theirs) == 1) == (len == 4));
		assert(len == 0 || memcmp(ours, theirs, 4) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t zero[16], mapped[16] = { [10] = 255, 255 },
			     here[4] = { 127, 0, 0, 1 };
	char *list = mem_dupn((const char *)p, n);
	const char *host = strlen(list) < n ? list + strlen(list) + 1 : "";
	struct buf why = { 0 };
	struct allow a;
	int r = allow_parse(&a, list, &why);

	address(host);
	assert((r < 0) == (buf_len(&why) > 0) && (r < 0) == (a.n == 0));
	assert(!allow_check(&a, host, zero, 4, 22));
	assert(!allow_check(&a, host, zero, 16, 22));
	assert(!allow_check(&a, host, mapped, 16, 22));
	assert(!allow_check(&a, "0.0.0.0", NULL, 0, 22));
	assert(!allow_check(&a, host, here, 4, 0));
	if (r < 0)
		assert(!allow_check(&a, host, here, 4, 22));
	allow_check(&a, host, NULL, 0, 22);
	allow_release(&a);
	buf_free(&why);
	free(list);
	return 0;
}
