// SPDX-License-Identifier: MIT
/* A session that is up hears cipher text.  The first byte's top bit: records
 * sealed with the right keys, so that what is in them is fuzzed too. */
#include "test/fuzz/tls_fuzz.h"

static void
pass(struct tls *from, struct tls *to)
{
	const uint8_t *out, *text;
	uint8_t *copy;
	size_t n, len;

	out = tls_output(from, &n);
	if (n == 0)
		return;
	copy = malloc(n);
	memcpy(copy, out, n);
	tls_feed(to, copy, n);
	if (tls_next(to, &text, &len) != 0)
		abort();
	tls_output_ack(from, n);
	free(copy);
}

/* type, length, bytes: as many records as there are. */
static void
feed_sealed(struct tls *from, struct tls *to, const uint8_t *p, size_t n)
{
	uint8_t rec[400];
	const uint8_t *text;
	enum tls_record type;
	size_t len;
	int r = 0;

	while (n > 2 && r >= 0) {
		len = p[1] < n - 2 ? p[1] : n - 2;
		type = (enum tls_record)(p[0] & 31);
		memcpy(rec + from->out_head, p + 2, len);
		p += 2 + len;
		n -= 2 + len;
		len = tls_record_seal(&from->out.out, rec, type, len);
		tls_feed(to, rec, len);
		while ((r = tls_next(to, &text, &len)) > 0)
			;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct tls_conf *cc, *sc;
	struct tls *c, *s;
	int i;

	if (n == 0)
		return 0;
	if (!cc) {
		static const struct tls_setup nothing;
		char why[256];

		cc = tls_conf_new(TLS_CLIENT, &nothing, NOW, fuzz_seed, why,
		    sizeof(why));
		sc = tls_conf_new(TLS_SERVER, &nothing, NOW, fuzz_seed, why,
		    sizeof(why));
	}
	c = tls_new(cc, NULL, NOW, fuzz_seed);
	s = tls_new(sc, NULL, NOW, fuzz_seed);
	for (i = 0; i < 3; i++) {
		pass(c, s);
		pass(s, c);
	}
	if (!tls_ready(c) || !tls_ready(s))
		abort();
	if (p[0] & 0x80)
		feed_sealed(s, c, p + 1, n - 1);
	else
		fuzz_feed(c, p, n);
	tls_free(c);
	tls_free(s);
	return 0;
}
