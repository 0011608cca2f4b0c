// SPDX-License-Identifier: MIT
/* Sessions that are resumed, and those that may not be. */
#include "crypto/tls_internal.h"
#include "test/crypto/pair.h"

static const struct tls_setup trusting = { .ca = PEM_CA };
static const struct tls_setup with_ec = { .cert = PEM_SERVER,
	.key = PEM_SERVER_KEY };

TEST(tls_resumes_a_session_and_keeps_the_verdict)
{
	static const struct tls_setup c = { .ca = PEM_CA, .cert = PEM_CLIENT,
		.key = PEM_CLIENT_KEY };
	static const struct tls_setup s = { .ca = PEM_CA, .cert = PEM_SERVER,
		.key = PEM_SERVER_KEY };
	char client_pin[80], server_pin[80];
	struct pair p;
	size_t step;

	CHECK(pair_try(&p, &c, &s, "server.test", NOW));
	CHECK(!tls_resumed(p.c) && !tls_resumed(p.s));
	strcpy(client_pin, tls_peer_pin(p.s));
	strcpy(server_pin, tls_peer_pin(p.c));
	for (step = 0; step < 3; step++) {
		pair_end(&p);
		pair_connect(&p, "server.test", NOW + 1);
		CHECK(pair_shake(&p, step));
		CHECK(tls_resumed(p.c) && tls_resumed(p.s));
		CHECK_STR(tls_peer_pin(p.s), client_pin);
		CHECK_STR(tls_peer_pin(p.c), server_pin);
	}
	pair_free(&p);
}

TEST(tls_does_not_resume_for_another_name_or_a_day_later)
{
	struct pair p;

	CHECK(pair_try(&p, &trusting, &with_ec, "server.test", NOW));
	pair_end(&p);
	pair_connect(&p, "a.wild.test", NOW);
	CHECK(pair_shake(&p, 0) && !tls_resumed(p.c));
	pair_end(&p);
	pair_connect(&p, "other.test", NOW);
	CHECK(!pair_shake(&p, 0));
	pair_end(&p);
	pair_connect(&p, "a.wild.test", NOW + TLS_SESSION_SECONDS - 1);
	CHECK(pair_shake(&p, 0) && tls_resumed(p.c));
	pair_end(&p);
	pair_connect(&p, "a.wild.test", NOW + TLS_SESSION_SECONDS);
	CHECK(pair_shake(&p, 0) && !tls_resumed(p.c));
	pair_end(&p);
	pair_connect(&p, "a.wild.test", NOW - 1);
	CHECK(pair_shake(&p, 0) && !tls_resumed(p.c));
	pair_free(&p);
}

TEST(tls_makes_a_new_session_with_a_server_that_forgot)
{
	struct pair p;

	CHECK(pair_try(&p, &trusting, &with_ec, "server.test", NOW));
	pair_end(&p);
	tls_conf_free(p.sc);
	p.sc = conf_new(TLS_SERVER, &with_ec);
	pair_connect(&p, "server.test", NOW);
	CHECK(pair_shake(&p, 0));
	CHECK(!tls_resumed(p.c) && !tls_resumed(p.s));
	pair_end(&p);
	pair_connect(&p, "server.test", NOW);
	CHECK(pair_shake(&p, 0) && tls_resumed(p.c) && tls_resumed(p.s));
	pair_free(&p);
}

/* The key that it made for itself goes on, longer than who had it first. */
TEST(tls_own_certificate_goes_on_in_another_conf)
{
	struct tls_setup none = { 0 }, with_ca = { .ca = PEM_CA };
	struct tls_conf *first = conf_new(TLS_SERVER, &none), *second, *other;
	struct tls_setup client = { .pin = tls_conf_pin(first) };
	struct pair p = { .cc = conf_new(TLS_CLIENT, &client), .sc = first };

	pair_connect(&p, NULL, NOW); /* in a handshake meanwhile */
	none.own = first;
	second = conf_new(TLS_SERVER, &none);
	CHECK_STR(tls_conf_pin(second), tls_conf_pin(first));
	tls_conf_free(first);
	CHECK(pair_shake(&p, 0));
	pair_end(&p);
	with_ca.own = second;
	other = conf_new(TLS_SERVER, &with_ca);
	CHECK_STR(tls_conf_pin(other), tls_conf_pin(second));
	none.own = second;
	p.sc = conf_new(TLS_SERVER, &none);
	tls_conf_free(second);
	tls_conf_free(other);
	pair_connect(&p, NULL, NOW);
	CHECK(pair_shake(&p, 0) && !tls_resumed(p.c));
	pair_free(&p);
}

TEST(tls_session_cache_drops_the_oldest_of_a_set)
{
	struct tls_cache *c = tls_cache_new();
	struct tls_session s = { .p.session_id_len = 32 };
	uint8_t id[32] = { 9 };
	int i;

	s.p.session_id[0] = 9;
	for (i = 0; i <= TLS_CACHE_WAYS; i++) {
		s.p.session_id[31] = (uint8_t)i;
		s.made = NOW + i;
		tls_cache_put(c, &s);
	}
	CHECK(tls_cache_get(c, id, NOW + 10) == NULL);
	for (i = 1; i <= TLS_CACHE_WAYS; i++) {
		id[31] = (uint8_t)i;
		CHECK(tls_cache_get(c, id, NOW + 10) != NULL);
	}
	tls_cache_free(c);
	tls_cache_free(NULL);
}
