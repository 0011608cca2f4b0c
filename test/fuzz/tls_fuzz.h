/* What the TLS targets share: confs that are made once. */
#ifndef TEST_FUZZ_TLS_FUZZ_H
#define TEST_FUZZ_TLS_FUZZ_H

#include "crypto/tls_internal.h"
#include "test/vectors/certs.h"

#include <stdlib.h>
#include <string.h>

#define NOW ((int64_t)1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint8_t fuzz_seed[32] = "always the same";

static inline struct tls_conf *
fuzz_conf(enum tls_side side)
{
	struct tls_setup s = { 0 };
	char why[256];

	s.ca = PEM_CA;
	if (side == TLS_SERVER) {
		s.cert = PEM_SERVER;
		s.key = PEM_SERVER_KEY;
	}
	return tls_conf_new(side, &s, NOW, fuzz_seed, why, sizeof(why));
}

/* The first byte says how the rest is cut. */
static inline int
fuzz_feed(struct tls *t, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n + 1);
	const uint8_t *text;
	size_t at, part, len, step = n > 0 && *p ? *p : n;
	volatile uint8_t sum = 0; /* every byte given out is looked at */
	int r = 0;

	memcpy(copy, p, n);
	for (at = n > 0; at < n && r >= 0; at += part) {
		part = step < n - at ? step : n - at;
		tls_feed(t, copy + at, part);
		while ((r = tls_next(t, &text, &len)) > 0)
			while (len-- > 0)
				sum = sum ^ text[len];
	}
	free(copy);
	return r;
}

#endif
