// SPDX-License-Identifier: MIT
/* An answer to one of two questions; the first byte chooses.  Its id and its
 * question are made right, so that the rest is read at all. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t query[DNS_QUERY_MAX], *copy;
	bool aaaa = n && p[0] & 1, raw = n && p[0] & 2;
	size_t qlen = dns_query(query, "a.bc.example",
	    aaaa ? DNS_AAAA : DNS_A, 0x1234);
	struct dns_found f;
	enum dns_status s;

	if (n == 0)
		return 0;
	p++;
	n--;
	copy = malloc(n ? n : 1);
	memcpy(copy, p, n);
	if (!raw && n >= qlen) {
		put_be16(copy, 0x1234);
		copy[2] = (uint8_t)((copy[2] & 2) | 0x81);
		put_be16(copy + 4, 1);
		memcpy(copy + 12, query + 12, qlen - 12);
	}
	s = dns_answer(copy, n, query, qlen, &f);
	assert((s == DNS_FOUND) == (f.n > 0) && f.n <= DNS_MAX);
	assert(raw || n < qlen || s != DNS_IGNORE);
	free(copy);
	copy = malloc(n + 1);
	memcpy(copy, p, n);
	copy[n] = '\0';
	qlen = dns_query(query, (char *)copy, DNS_A, 1);
	assert(qlen == 0 || (qlen > 16 && qlen <= DNS_QUERY_MAX));
	free(copy);
	return 0;
}
