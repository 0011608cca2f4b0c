// SPDX-License-Identifier: MIT
/* A fresh server hears whatever a peer may say. */
#include "test/fuzz/tls_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct tls_conf *conf;
	struct tls *t;

	if (!conf)
		conf = fuzz_conf(TLS_SERVER);
	t = tls_new(conf, NULL, NOW, fuzz_seed);
	fuzz_feed(t, p, n);
	if (tls_ready(t))
		abort();
	tls_free(t);
	return 0;
}
