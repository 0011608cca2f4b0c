// SPDX-License-Identifier: MIT
/* How fast AES-GCM is here, BearSSL's own way and the wide one: GB/s for
 * sizes of records.  Each figure is the best of many short runs, so that a
 * busy machine does not spoil it. */
#include <bearssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/gcm_wide.h"

#define MAX (16384 + 64)
#define RUNS 300
#define SIZES 5

struct way {
	const char *name;
	const br_block_ctr_class *ctr;
	br_ghash ghash;
};

enum what { CTR, GHASH, RECORD };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
once(br_sslrec_gcm_context *c, enum what what, uint8_t *b, size_t n)
{
	static const uint8_t iv[12];
	size_t len = n;

	if (what == CTR)
		c->bc.vtable->run(&c->bc.vtable, iv, 2, b + 16, n);
	else if (what == GHASH)
		c->gh(b, c->h, b + 16, n);
	else
		c->vtable.out->inner.encrypt((void *)c, 23, BR_TLS12, b + 16,
		    &len);
}

/* The ways in turn, so that the clock of the CPU is the same for each. */
static void
measure(const struct way ways[2], size_t key_len, enum what what, size_t n,
    double best[2])
{
	static const uint8_t key[32] = "a key that is of no use at all";
	static uint8_t b[MAX];
	br_sslrec_gcm_context c[2];
	size_t i, k, times = 300000 / (n + 200) + 4;
	double start, speed;
	int run;

	for (k = 0; k < 2; k++) {
		br_sslrec_out_gcm_vtable.init((void *)&c[k], ways[k].ctr, key,
		    key_len, ways[k].ghash, key);
		best[k] = 0;
	}
	for (run = 0; run < 2 * RUNS; run++) {
		k = run & 1;
		start = now();
		for (i = 0; i < times; i++)
			once(&c[k], what, b, n);
		speed = (double)(times * n) / (now() - start) / 1e9;
		best[k] = speed > best[k] ? speed : best[k];
	}
}

static void
table(const char *name, size_t key_len, enum what what)
{
	static const size_t sizes[SIZES] = { 64, 256, 1024, 4096, 16384 };
	const struct way ways[] = {
		{ "stock", br_aes_x86ni_ctr_get_vtable(),
		  br_ghash_pclmul_get() },
		{ "wide", &gcm_wide_ctr, gcm_wide_ghash },
	};
	double best[SIZES][2];
	size_t i, k;

	for (k = 0; k < SIZES; k++)
		measure(ways, key_len, what, sizes[k], best[k]);
	for (i = 0; i < 2; i++) {
		printf("%-12s %-5s", name, ways[i].name);
		for (k = 0; k < SIZES; k++)
			printf(" %6zu: %5.2f", sizes[k], best[k][i]);
		printf("\n");
	}
}

int
main(void)
{
	if (!gcm_wide_here()) {
		fputs("gcm_speed: this CPU has no wide AES\n", stderr);
		return 1;
	}
	table("ctr 128", 16, CTR);
	table("ghash", 16, GHASH);
	table("record 128", 16, RECORD);
	table("record 256", 32, RECORD);
	return 0;
}
