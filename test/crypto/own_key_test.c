// SPDX-License-Identifier: MIT
#include "crypto/own_key.h"
#include "crypto/pins.h"
#include "crypto/tls.h"
#include "test/crypto/pair.h"
#include "test/t.h"
#include "test/vectors/certs.h"

static const struct tls_setup nothing;

TEST(own_key_is_made_and_its_certificate_has_the_same_pin_each_time)
{
	static const uint8_t seed[32] = "a seed", other[32] = "another";
	char *text = own_key_make(seed), *second = own_key_make(other);
	struct tls_setup s = { .own_key = text };
	char pin[PINS_SIZE];
	struct pair p;

	CHECK(!own_key_check(text) && !own_key_check(second));
	CHECK(strcmp(text, second) != 0);
	CHECK(pair_try(&p, &nothing, &s, NULL, NOW));
	strcpy(pin, tls_conf_pin(p.sc));
	pair_free(&p);
	CHECK(pair_try(&p, &nothing, &s, NULL, NOW + 86400));
	CHECK_STR(tls_conf_pin(p.sc), pin);
	pair_free(&p);
	s.own_key = second;
	CHECK(pair_try(&p, &nothing, &s, NULL, NOW));
	CHECK(strcmp(tls_conf_pin(p.sc), pin) != 0);
	pair_free(&p);
	free(text);
	free(second);
}

TEST(own_key_of_another_kind_is_none)
{
	CHECK_STR(own_key_check(""), "no private key found");
	CHECK_STR(own_key_check("-----BEGIN PRIVATE KEY-----\nAAAA\n"),
	    "PEM block has no end");
	CHECK_STR(own_key_check(PEM_SERVER_RSA_KEY),
	    "private key is not on P-256");
	CHECK_STR(own_key_check(PEM_SERVER_384_KEY),
	    "private key is not on P-256");
	CHECK(!own_key_check(PEM_SERVER_KEY));
}
