// SPDX-License-Identifier: MIT
/* After the handshake: data both ways, ends, and records nobody should send. */
#include "crypto/tls_internal.h"
#include "test/crypto/pair.h"

#define BIG (1 << 20)

static const struct tls_setup nothing;
enum {
	gcm = BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	chacha = BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
};

static void
ready_pair(struct pair *p, uint16_t suite)
{
	pair_confs(p, &nothing, &nothing);
	tls_conf_set_suites(p->cc, &suite, 1);
	pair_connect(p, NULL, NOW);
	CHECK(pair_shake(p, 0));
}

/* Feeds in steps and gathers the text; the last answer is returned. */
static int
feed_gather(struct tls *t, uint8_t *p, size_t n, size_t step, uint8_t *to,
    size_t *got)
{
	const uint8_t *text;
	size_t at, part, len;
	int r = 0;

	*got = 0;
	for (at = 0; at < n && r >= 0; at += part) {
		part = step && step < n - at ? step : n - at;
		tls_feed(t, p + at, part);
		while ((r = tls_next(t, &text, &len)) > 0) {
			memcpy(to + *got, text, len);
			*got += len;
		}
	}
	return r;
}

TEST(tls_carries_data_both_ways_in_every_size)
{
	static const size_t sizes[] = { 1, 2, 15, 16, 17, 1000, 16383, 16384,
		16385, 32768, 32769, 100000, BIG };
	static const size_t steps[] = { 0, 4096, 16405, 70000, 1 };
	uint8_t *plain = malloc(BIG), *sealed = malloc(tls_seal_room(BIG));
	uint8_t *got = malloc(BIG);
	struct pair p;
	size_t i, k, n, len;
	int way;

	for (i = 0; i < BIG; i++)
		plain[i] = (uint8_t)(i * 7 + (i >> 8));
	for (way = 0; way < 4; way++) {
		ready_pair(&p, way & 1 ? gcm : chacha);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			for (k = 0; k < 5 && (k < 4 || i < 9); k++) {
				n = tls_seal(way & 2 ? p.c : p.s, sealed, plain,
				    sizes[i]);
				CHECK(n > sizes[i]);
				CHECK(n <= tls_seal_room(sizes[i]));
				CHECK(!(way & 1) ||
				    n == tls_seal_room(sizes[i]));
				CHECK(feed_gather(way & 2 ? p.s : p.c, sealed,
				    n, steps[k], got, &len) == 0);
				CHECK(len == sizes[i] &&
				    memcmp(got, plain, len) == 0);
			}
		}
		pair_free(&p);
	}
	free(plain);
	free(sealed);
	free(got);
}

TEST(tls_records_may_be_cut_anywhere)
{
	uint8_t b[300], got[8];
	struct pair p;
	size_t n, cut, first, second;
	int i;

	for (i = 0; i < 2; i++) {
		ready_pair(&p, i ? gcm : chacha);
		for (cut = 0, n = 1; cut < n; cut++) {
			n = tls_seal(p.c, b, (const void *)"abc", 3);
			n += tls_seal(p.c, b + n, (const void *)"de", 2);
			n += tls_seal(p.c, b + n, (const void *)"f", 1);
			CHECK(feed_gather(p.s, b, cut, 0, got, &first) == 0);
			CHECK(feed_gather(p.s, b + cut, n - cut, 0,
			    got + first, &second) == 0);
			CHECK(first + second == 6 &&
			    memcmp(got, "abcdef", 6) == 0);
		}
		pair_free(&p);
	}
}

TEST(tls_seals_nothing_into_nothing)
{
	struct pair p;
	uint8_t b[1];

	ready_pair(&p, gcm);
	CHECK(tls_seal_room(0) == 0);
	CHECK(tls_seal_room(1) == 30);
	CHECK(tls_seal_room(16384) == 16384 + 29);
	CHECK(tls_seal_room(16385) == 16385 + 58);
	CHECK(tls_seal(p.c, b, b, 0) == 0);
	pair_free(&p);
}

TEST(tls_close_notify_is_an_end_in_good_order)
{
	uint8_t b[TLS_CLOSE_ROOM + 64], got[64];
	struct pair p;
	size_t n, len;
	int i;

	for (i = 0; i < 2; i++) {
		ready_pair(&p, i ? gcm : chacha);
		n = tls_seal(p.c, b, (const void *)"bye", 3);
		n += tls_seal_close(p.c, b + n);
		CHECK(feed_gather(p.s, b, n, 0, got, &len) == ERR_EOF);
		CHECK(len == 3);
		CHECK_STR(tls_why(p.s), "peer closed the session");
		CHECK(!tls_truncated(p.s));
		CHECK(tls_seal(p.c, b, got, 3) == 0);
		CHECK(tls_seal_close(p.c, b) == 0);
		/* The other direction is still open. */
		CHECK(tls_ready(p.s));
		n = tls_seal(p.s, b, (const void *)"rest", 4);
		CHECK(feed_gather(p.c, b, n, 0, got, &len) == 0 && len == 4);
		n = tls_seal_close(p.s, b);
		CHECK(n > 0 && n <= TLS_CLOSE_ROOM);
		CHECK(feed_gather(p.c, b, n, 1, got, &len) == ERR_EOF);
		pair_free(&p);
	}
}

TEST(tls_knows_an_end_in_the_middle_of_a_record)
{
	uint8_t b[64], got[64];
	struct pair p;
	size_t n, i, len;

	ready_pair(&p, gcm);
	n = tls_seal(p.c, b, (const void *)"abc", 3);
	for (i = 0; i < n; i++) {
		CHECK(tls_truncated(p.s) == (i > 0));
		CHECK(feed_gather(p.s, b + i, 1, 0, got, &len) == 0);
	}
	CHECK(len == 3 && !tls_truncated(p.s));
	pair_free(&p);
}

TEST(tls_a_flipped_bit_anywhere_ends_the_session)
{
	uint8_t clean[128], b[128], got[128];
	const uint8_t *out, *text;
	struct pair p;
	size_t n, at, len;
	int i;

	for (i = 0; i < 2; i++) {
		for (at = 0; at < 200; at++) {
			ready_pair(&p, i ? gcm : chacha);
			n = tls_seal(p.c, clean, (const void *)"abcdef", 6);
			if (at >= n * 2) {
				pair_free(&p);
				break;
			}
			memcpy(b, clean, n);
			/* A record that claims to be longer only waits. */
			b[at / 2] ^= at & 1 ? 0x80 : 0x01;
			memset(b + n, 0, sizeof(b) - n);
			feed_gather(p.s, b, sizeof(b), 0, got, &len);
			CHECK(len == 0);
			if (tls_truncated(p.s)) {
				CHECK(at / 2 == 3 || at / 2 == 4);
				pair_free(&p);
				continue;
			}
			CHECK(tls_next(p.s, &text, &len) == ERR_TLS);
			CHECK(tls_why(p.s)[0] != '\0' && !tls_ready(p.s));
			CHECK(tls_seal(p.s, b, clean, 1) == 0);
			/* Nothing comes after it, not even what is good. */
			CHECK(feed_gather(p.s, clean, n, 0, got, &len) ==
			    ERR_TLS && len == 0);
			/* And the other side hears of it. */
			out = tls_output(p.s, &n);
			CHECK(out != NULL);
			CHECK(feed_quietly(p.c, out, n, 0) == ERR_TLS);
			CHECK(strstr(tls_why(p.c), "peer refused: "));
			pair_free(&p);
		}
	}
}

static size_t
seal_raw(struct tls *t, uint8_t *to, enum tls_record type, const void *p,
    size_t n)
{
	memcpy(to + t->out_head, p, n);
	return tls_record_seal(&t->out.out, to, type, n);
}

/* What a peer may send beside data, and what not. */
TEST(tls_knows_which_records_are_welcome)
{
	static const struct {
		bool from_client;
		enum tls_record type;
		const char *p;
		size_t n;
		int r;
		const char *why;
	} rows[] = {
		{ false, TLS_DATA, "", 0, 0, "" },
		{ false, TLS_ALERT, "\1\x5a", 2, 0, "" },
		{ false, TLS_ALERT, "\1\x64", 2, 0, "" },
		{ false, TLS_ALERT, "\2\x2a", 2, ERR_TLS,
		  "peer refused: bad certificate (alert 42)" },
		{ false, TLS_ALERT, "\2\xee", 2, ERR_TLS,
		  "peer refused: unknown reason (alert 238)" },
		{ false, TLS_ALERT, "\3\x2a", 2, ERR_TLS,
		  "peer sent a broken alert" },
		{ false, TLS_ALERT, "\1", 1, ERR_TLS,
		  "peer sent a broken alert" },
		{ false, TLS_ALERT, "", 0, ERR_TLS,
		  "peer sent a broken alert" },
		{ false, TLS_HANDSHAKE, "\0\0\0\0", 4, 0, "" },
		{ true, TLS_HANDSHAKE, "\0\0\0\0", 4, ERR_TLS,
		  "peer wants a new handshake or sent a message out of turn" },
		{ false, TLS_HANDSHAKE, "\1\0\0\0", 4, ERR_TLS,
		  "peer wants a new handshake or sent a message out of turn" },
		{ false, TLS_HANDSHAKE, "\0\0\0", 3, ERR_TLS,
		  "peer wants a new handshake or sent a message out of turn" },
		{ false, TLS_CCS, "\1", 1, ERR_TLS,
		  "peer wants a new handshake or sent a message out of turn" },
		{ false, (enum tls_record)24, "x", 1, ERR_TLS,
		  "peer sent a record of the unknown type 24" },
	};
	struct tls *from, *to;
	uint8_t b[128];
	struct pair p;
	size_t i, n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ready_pair(&p, gcm);
		from = rows[i].from_client ? p.c : p.s;
		to = rows[i].from_client ? p.s : p.c;
		n = seal_raw(from, b, rows[i].type, rows[i].p, rows[i].n);
		CHECK(feed_quietly(to, b, n, 0) == rows[i].r);
		CHECK_STR(tls_why(to), rows[i].why);
		pair_free(&p);
	}
}

TEST(tls_ends_a_peer_that_sends_only_empty_records)
{
	static const char hello_request[4];
	uint8_t b[128], got[8];
	struct pair p;
	size_t n, len;
	int i, kind;

	for (kind = 0; kind < 3; kind++) {
		ready_pair(&p, chacha);
		for (i = 0; i < 33; i++) {
			if (i == 32 && kind == 0) {
				/* Data makes up for them. */
				n = tls_seal(p.s, b, (const void *)"x", 1);
				CHECK(feed_gather(p.c, b, n, 0, got, &len) ==
				    0);
			}
			if (kind == 2)
				n = seal_raw(p.s, b, TLS_HANDSHAKE,
				    hello_request, 4);
			else if (kind == 1)
				n = seal_raw(p.s, b, TLS_ALERT, "\1\x5a", 2);
			else
				n = seal_raw(p.s, b, TLS_DATA, "", 0);
			CHECK(feed_quietly(p.c, b, n, 0) ==
			    (i == 32 && kind ? ERR_TLS : 0));
		}
		pair_free(&p);
	}
}

TEST(tls_refuses_impossible_lengths_before_waiting_for_them)
{
	static const struct {
		uint16_t suite, len;
		int r;
	} rows[] = {
		{ gcm, 23, ERR_TLS },
		{ gcm, 24, 0 },
		{ gcm, 16384 + 24, 0 },
		{ gcm, 16384 + 25, ERR_TLS },
		{ gcm, 0, ERR_TLS },
		{ chacha, 15, ERR_TLS },
		{ chacha, 16, 0 },
		{ chacha, 16384 + 16, 0 },
		{ chacha, 16384 + 17, ERR_TLS },
	};
	struct pair p;
	uint8_t head[5] = { 23, 3, 3 };
	size_t i, step;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (step = 0; step < 2; step++) {
			ready_pair(&p, rows[i].suite);
			head[3] = (uint8_t)(rows[i].len >> 8);
			head[4] = (uint8_t)rows[i].len;
			CHECK(feed_quietly(p.s, head, 5, step) == rows[i].r);
			pair_free(&p);
		}
	}
}

TEST(tls_an_idle_session_is_small)
{
	struct pair p;

	ready_pair(&p, gcm);
	CHECK(p.c->hs == NULL && p.c->part == NULL && p.c->output == NULL);
	CHECK(sizeof(struct tls) < 1024);
	pair_free(&p);
}
