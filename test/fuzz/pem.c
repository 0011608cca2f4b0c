// SPDX-License-Identifier: MIT
#include "crypto/pem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);
	struct pem_certs certs;
	struct pem_key key;

	memcpy(text, p, n);
	text[n] = '\0';
	if (!pem_read_certs(&certs, text))
		pem_free_certs(&certs);
	if (!pem_read_key(&key, text))
		pem_free_key(&key);
	free(text);
	return 0;
}
