// SPDX-License-Identifier: MIT
/* Handshakes: who is believed, who is not, and what is said about it. */
#include "crypto/tls.h"
#include "crypto/tls_internal.h"
#include "test/crypto/pair.h"

static const struct tls_setup nothing;
static const struct tls_setup trusting = { .ca = PEM_CA };
static const struct tls_setup with_ec = { .cert = PEM_SERVER,
	.key = PEM_SERVER_KEY };

TEST(tls_client_and_server_agree_without_any_certificate_of_ours)
{
	struct pair p;
	size_t n;

	CHECK(pair_try(&p, &nothing, &nothing, NULL, NOW));
	CHECK_STR(tls_suite(p.c), tls_suite(p.s));
	CHECK(tls_suite(p.c) && strstr(tls_suite(p.c), "ECDHE_ECDSA"));
	CHECK(!tls_resumed(p.c) && !tls_resumed(p.s));
	CHECK_STR(tls_peer_pin(p.c), tls_conf_pin(p.sc));
	CHECK(tls_peer_pin(p.s) == NULL);
	CHECK(tls_conf_pin(p.cc) == NULL);
	CHECK(tls_output(p.c, &n) == NULL && n == 0);
	CHECK(!tls_truncated(p.c) && !tls_truncated(p.s));
	CHECK_STR(tls_why(p.c), "");
	pair_free(&p);
}

TEST(tls_handshake_does_not_care_where_the_bytes_were_cut)
{
	struct pair p;
	size_t step;

	pair_confs(&p, &nothing, &with_ec);
	for (step = 1; step < 1200; step += step < 24 ? 1 : 97) {
		/* A client's memory would make the second one short. */
		tls_conf_free(p.cc);
		p.cc = conf_new(TLS_CLIENT, &nothing);
		pair_connect(&p, "server.test", NOW);
		if (!CHECK(pair_shake(&p, step)))
			break;
		pair_end(&p);
	}
	pair_free(&p);
}

/* Each flight in two pieces, for every place of the cut. */
TEST(tls_flights_may_be_cut_anywhere)
{
	struct pair p;
	const uint8_t *out;
	size_t cut = 0, n, longest;
	int turn;

	pair_confs(&p, &nothing, &with_ec);
	do {
		longest = 0;
		tls_conf_free(p.cc);
		p.cc = conf_new(TLS_CLIENT, &nothing);
		pair_connect(&p, NULL, NOW);
		for (turn = 0; turn < 8; turn++) {
			struct tls *from = turn & 1 ? p.s : p.c;
			struct tls *to = turn & 1 ? p.c : p.s;

			out = tls_output(from, &n);
			if (n == 0)
				continue;
			longest = n > longest ? n : longest;
			if (cut < n) {
				feed_quietly(to, out, cut, 0);
				CHECK(cut == 0 || tls_truncated(to));
				feed_quietly(to, out + cut, n - cut, 0);
			} else {
				feed_quietly(to, out, n, 0);
			}
			tls_output_ack(from, n);
		}
		if (!CHECK(tls_ready(p.c) && tls_ready(p.s)))
			break;
		pair_end(&p);
		cut += cut < 100 ? 7 : 61;
	} while (cut < longest);
	pair_free(&p);
}

TEST(tls_works_with_every_kind_of_key)
{
	static const struct tls_setup kinds[] = {
		{ .cert = PEM_SERVER, .key = PEM_SERVER_KEY },
		{ .cert = PEM_SERVER, .key = PEM_SERVER_PKCS8_KEY },
		{ .cert = PEM_SERVER_RSA, .key = PEM_SERVER_RSA_KEY },
		{ .cert = PEM_SERVER_RSA, .key = PEM_SERVER_RSA_PKCS8_KEY },
		{ .cert = PEM_SERVER_384, .key = PEM_SERVER_384_KEY },
		{ .cert = PEM_SERVER_521, .key = PEM_SERVER_521_KEY },
	};
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		CHECK(pair_try(&p, &trusting, &kinds[i], "server.test", NOW));
		CHECK_STR(tls_why(p.c), "");
		pair_free(&p);
	}
}

TEST(tls_works_with_every_suite)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	static const struct tls_setup with_rsa = { .cert = PEM_SERVER_RSA,
		.key = PEM_SERVER_RSA_KEY };
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		pair_confs(&p, &trusting, i & 1 ? &with_rsa : &with_ec);
		tls_conf_set_suites(p.cc, &suites[i], 1);
		pair_connect(&p, "server.test", NOW);
		CHECK(pair_shake(&p, 0));
		CHECK_STR(tls_suite(p.s), tls_text_suite(suites[i]));
		pair_free(&p);
	}
}

TEST(tls_peers_without_a_common_suite_part)
{
	static const uint16_t rsa_only[] = {
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	};
	struct pair p;

	pair_confs(&p, &nothing, &with_ec);
	tls_conf_set_suites(p.cc, rsa_only, 1);
	pair_connect(&p, NULL, NOW);
	CHECK(!pair_shake(&p, 0));
	CHECK(p.sr == ERR_TLS && p.cr == ERR_TLS);
	CHECK_STR(tls_why(p.s), "no common cipher suite or version");
	CHECK_STR(tls_why(p.c), "peer refused: handshake failure (alert 40)");
	pair_free(&p);
}

TEST(tls_client_judges_names_times_and_signers)
{
	static const char expired[] =
	    "certificate has expired or is not yet valid";
	static const char name[] = "certificate is not for this name";
	static const char ca[] = "certificate is not signed by a trusted CA";
	static const struct {
		const char *ca, *name;
		int64_t now;
		const char *why;
	} rows[] = {
		{ PEM_CA, "server.test", NOW, "" },
		{ PEM_CA, "SERVER.test", NOW, "" },
		{ PEM_CA, "server.test.", NOW, "" },
		{ PEM_CA, "a.wild.test", NOW, "" },
		{ PEM_CA, "127.0.0.1", NOW, "" },
		{ PEM_CA, "::1", NOW, "" },
		{ PEM_CA, "0:0:0::1", NOW, "" },
		{ PEM_CA, NULL, NOW, "" },
		{ PEM_OTHER PEM_CA, "server.test", NOW, "" },
		{ PEM_CA, "other.test", NOW, name },
		{ PEM_CA, "a.b.wild.test", NOW, name },
		{ PEM_CA, "127.0.0.2", NOW, name },
		{ PEM_CA, "::2", NOW, name },
		{ PEM_CA, "::ffff:127.0.0.1", NOW, name },
		{ PEM_OTHER, "server.test", NOW, ca },
		{ PEM_OTHER, NULL, NOW, ca },
		{ PEM_CA, "server.test", NOW - 20 * YEAR, expired },
		{ PEM_CA, "server.test", NOW + 120 * YEAR, expired },
		{ PEM_CA, "server.test", -1, expired },
	};
	struct tls_setup c = { 0 };
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.ca = rows[i].ca;
		if (pair_try(&p, &c, &with_ec, rows[i].name, rows[i].now) !=
		    !rows[i].why[0])
			CHECK(!"the verdict is wrong");
		CHECK_STR(tls_why(p.c), rows[i].why);
		CHECK((p.sr == ERR_TLS) == (rows[i].why[0] != '\0'));
		pair_free(&p);
	}
}

TEST(tls_client_tells_the_server_why_it_leaves)
{
	static const struct tls_setup c = { .ca = PEM_OTHER };
	struct pair p;

	CHECK(!pair_try(&p, &c, &with_ec, NULL, NOW));
	CHECK_STR(tls_why(p.s), "peer refused: unknown CA (alert 48)");
	CHECK(!tls_ready(p.s) && !tls_truncated(p.s));
	pair_free(&p);
}

TEST(tls_client_without_ca_believes_a_certificate_of_the_year_one)
{
	static const struct tls_setup s = { .cert = PEM_YEAR1,
		.key = PEM_YEAR1_KEY };
	static const struct tls_setup c = { .ca = PEM_YEAR1 };
	struct pair p;

	CHECK(pair_try(&p, &nothing, &s, "127.0.0.1", NOW));
	CHECK(tls_suite(p.c) && strstr(tls_suite(p.c), "ECDHE_RSA"));
	pair_free(&p);
	CHECK(!pair_try(&p, &c, &s, NULL, NOW));
	CHECK_STR(tls_why(p.c), "certificate has expired or is not yet valid");
	pair_free(&p);
}

TEST(tls_client_checks_the_pin)
{
	struct tls_setup c = { 0 };
	char pin[80], want[300];
	struct pair p;

	CHECK(pair_try(&p, &nothing, &with_ec, NULL, NOW));
	strcpy(pin, tls_conf_pin(p.sc));
	pair_free(&p);
	c.pin = pin;
	CHECK(pair_try(&p, &c, &with_ec, "any.name", NOW));
	pair_free(&p);
	c.ca = PEM_CA;
	CHECK(pair_try(&p, &c, &with_ec, "server.test", NOW));
	pair_free(&p);
	CHECK(!pair_try(&p, &c, &with_ec, "other.test", NOW));
	pair_free(&p);
	c.ca = PEM_OTHER;
	CHECK(!pair_try(&p, &c, &with_ec, "server.test", NOW));
	pair_free(&p);
	c.ca = NULL;
	snprintf(want, sizeof(want), "server's pin is %s, not the expected ",
	    pin);
	pin[70] = pin[70] == 'a' ? 'b' : 'a';
	strcat(want, pin);
	CHECK(!pair_try(&p, &c, &with_ec, NULL, NOW));
	CHECK_STR(tls_why(p.c), want);
	pair_free(&p);
}

TEST(tls_server_demands_client_certificates)
{
	static const struct {
		struct tls_setup client;
		const char *why;
		int64_t now;
	} rows[] = {
		{ { .cert = PEM_CLIENT, .key = PEM_CLIENT_KEY }, "", NOW },
		{ { .cert = PEM_CLIENT_RSA, .key = PEM_CLIENT_RSA_KEY }, "",
		  NOW },
		{ { 0 }, "client sent no certificate", NOW },
		{ { .cert = PEM_STRANGER, .key = PEM_STRANGER_KEY },
		  "certificate is not signed by a trusted CA", NOW },
		{ { .cert = PEM_SERVER, .key = PEM_SERVER_KEY },
		  "certificate is not for this side of TLS", NOW },
		{ { .cert = PEM_CLIENT, .key = PEM_CLIENT_KEY },
		  "certificate has expired or is not yet valid",
		  NOW + 120 * YEAR },
	};
	static const struct tls_setup both[] = {
		{ .cert = PEM_SERVER, .key = PEM_SERVER_KEY, .ca = PEM_CA },
		{ .cert = PEM_SERVER_RSA, .key = PEM_SERVER_RSA_KEY,
		  .ca = PEM_CA },
		{ .ca = PEM_CA },
	};
	struct pair p;
	size_t i, k;

	for (k = 0; k < 3; k++) {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			CHECK(pair_try(&p, &rows[i].client, &both[k], NULL,
			    rows[i].now) == !rows[i].why[0]);
			CHECK_STR(tls_why(p.s), rows[i].why);
			CHECK(rows[i].why[0] || tls_peer_pin(p.s));
			pair_free(&p);
		}
	}
}

TEST(tls_a_client_certificate_is_no_server)
{
	static const struct tls_setup s = { .cert = PEM_CLIENT,
		.key = PEM_CLIENT_KEY };
	struct pair p;

	CHECK(!pair_try(&p, &trusting, &s, NULL, NOW));
	CHECK_STR(tls_why(p.c), "certificate is not for this side of TLS");
	pair_free(&p);
}

TEST(tls_says_when_the_peer_speaks_something_else)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\n\r\n",
		"SSH-2.0-x\r\n", "\x16\x02\x01\x00\x05hello",
		"\x80\x2e\x01\x03\x01\x15",
		"\x17\x03\x03\x00\x01x" };
	static const uint8_t seed[32] = "x";
	struct tls_conf *conf[2] = {
		conf_new(TLS_CLIENT, &nothing),
		conf_new(TLS_SERVER, &nothing)
	};
	struct tls *t;
	size_t i, k, n;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (k = 0; k < 4; k++) {
			t = tls_new(conf[k & 1], NULL, NOW, seed);
			n = 6; /* the shortest of them */
			CHECK(feed_quietly(t, (const void *)texts[i], n,
			    k & 2 ? 1 : 0) == ERR_TLS);
			CHECK_STR(tls_why(t), "peer speaks no TLS");
			CHECK(!tls_ready(t) && !tls_truncated(t));
			tls_free(t);
		}
	}
	tls_conf_free(conf[0]);
	tls_conf_free(conf[1]);
}

/* Any change to any byte of the flights ends the handshake, or is a change
 * that TLS does not protect; it never leads to two that disagree. */
TEST(tls_handshake_notices_changed_bytes)
{
	struct pair p;
	uint8_t copy[4096];
	const uint8_t *out;
	size_t at, n;
	unsigned agreed = 0, tried = 0;

	pair_confs(&p, &trusting, &with_ec);
	for (at = 0; at < 700; at += 7, tried++) {
		tls_conf_free(p.cc);
		p.cc = conf_new(TLS_CLIENT, &trusting);
		pair_connect(&p, "server.test", NOW);
		pass(p.c, p.s, 0, &p.sr);
		out = tls_output(p.s, &n);
		memcpy(copy, out, n);
		copy[at % n] ^= 1;
		p.cr = feed_quietly(p.c, copy, n, 0);
		tls_output_ack(p.s, n);
		agreed += pair_shake(&p, 0);
		CHECK(!tls_ready(p.c) || tls_ready(p.s) || p.sr == ERR_TLS);
		pair_end(&p);
	}
	CHECK(agreed == 0);
	pair_free(&p);
}

/* It would otherwise be a name that is not asked for. */
TEST(tls_refuses_a_server_name_that_is_none_where_it_would_be_checked)
{
	static const char *const names[] = { "", ".", "..", "a..", ".a",
		"*.wild.test", "*", "[::1]", "::1%lo", "server.test:7000",
		"server.test ", "https://server.test" };
	struct pair p;
	char why[80];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(!pair_try(&p, &trusting, &with_ec, names[i], NOW));
		snprintf(why, sizeof(why), "'%s' is no name that a "
		    "certificate can be for", names[i]);
		CHECK_STR(tls_why(p.c), why);
		pair_free(&p);
		CHECK(pair_try(&p, &nothing, &with_ec, names[i], NOW));
		pair_free(&p);
	}
}

TEST(tls_refuses_a_server_name_that_is_too_long)
{
	static const uint8_t seed[32];
	struct tls_conf *c = conf_new(TLS_CLIENT, &nothing);
	const uint8_t *p;
	char name[258];
	struct tls *t;
	size_t n;

	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	t = tls_new(c, name, NOW, seed);
	CHECK(tls_next(t, &p, &n) == 0 && tls_output(t, &n));
	tls_free(t);
	name[255] = 'a';
	name[256] = '\0';
	t = tls_new(c, name, NOW, seed);
	CHECK(tls_next(t, &p, &n) == ERR_TLS && !tls_output(t, &n));
	CHECK_STR(tls_why(t), "server name is too long");
	tls_free(t);
	tls_conf_free(c);
}
