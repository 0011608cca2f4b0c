// SPDX-License-Identifier: MIT
#include "crypto/pins.h"
#include "crypto/tls.h"
#include "test/crypto/pair.h"
#include "test/t.h"
#include "test/vectors/certs.h"

#define HEX "00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100"
#define BIG "00112233445566778899AABBCCDDEEFFFFEEDDCCBBAA99887766554433221100"
#define ONE "sha256:" HEX
#define FOUR ONE "," ONE "," ONE "," ONE

TEST(pins_are_read_with_commas_between)
{
	struct pins p;
	char text[PINS_SIZE];

	CHECK(!pins_read(&p, ONE) && p.n == 1);
	CHECK(p.v[0][1] == 0x11 && p.v[0][16] == 0xff && p.v[0][31] == 0);
	pins_put(text, p.v[0]);
	CHECK_STR(text, ONE);
	CHECK(pins_have(&p, p.v[0]));
	p.v[1][0] = 1;
	CHECK(!pins_have(&p, p.v[1]));
	CHECK(!pins_read(&p, ONE ",sha256:" BIG) && p.n == 2);
	CHECK(memcmp(p.v[0], p.v[1], sizeof(p.v[0])) == 0);
	CHECK(!pins_read(&p, FOUR "," FOUR "," FOUR "," FOUR) && p.n == 16);
}

TEST(pins_of_any_other_form_are_refused)
{
	static const char *const wrong[] = { "", ",", "sha256:", HEX,
		"sha256:" HEX "0", "SHA256:" HEX, ONE ",", "," ONE,
		ONE ",," ONE, ONE ", " ONE, ONE " ", " " ONE, ONE "," HEX,
		ONE ";" ONE, ONE "\n", "sha256:g" HEX };
	struct pins p;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		p.n = 3;
		CHECK_STR(pins_read(&p, wrong[i]), "pin must be \"sha256:\" "
		    "and 64 hex digits, several with commas between");
		CHECK(p.n == 0);
	}
	CHECK_STR(pins_read(&p, FOUR "," FOUR "," FOUR "," FOUR "," ONE),
	    "there are more than 16 pins");
}

static const struct tls_setup nothing, with_ec = { .cert = PEM_SERVER,
	.key = PEM_SERVER_KEY };

TEST(tls_client_takes_any_of_its_pins_and_names_those_it_wanted)
{
	struct tls_setup c = { .pin = ONE };
	char pins[PINS_SIZE * 3], want[300];
	struct pair p;

	CHECK(pair_try(&p, &nothing, &with_ec, NULL, NOW));
	snprintf(pins, sizeof(pins), ONE ",%s", tls_conf_pin(p.sc));
	snprintf(want, sizeof(want), "server's pin is %s, not the expected "
	    ONE " or " ONE " or 2 others", tls_conf_pin(p.sc));
	pair_free(&p);
	c.pin = pins;
	CHECK(pair_try(&p, &c, &with_ec, NULL, NOW));
	pair_free(&p);
	c.pin = FOUR;
	CHECK(!pair_try(&p, &c, &with_ec, NULL, NOW));
	CHECK_STR(tls_why(p.c), want);
	CHECK(!tls_peer_pin(p.c));
	CHECK_STR(tls_strange_pin(p.c), tls_conf_pin(p.sc));
	pair_free(&p);
	c.pin = ONE "," ONE;
	CHECK(!pair_try(&p, &c, &with_ec, NULL, NOW));
	strcpy(strstr(want, " or 2"), "");
	CHECK_STR(tls_why(p.c), want);
	pair_free(&p);
}

TEST(tls_client_holds_the_key_that_it_has_seen)
{
	struct pair p;
	char pin[PINS_SIZE];

	/* one that is resumed is of the same key */
	CHECK(pair_try(&p, &nothing, &with_ec, NULL, NOW));
	strcpy(pin, tls_conf_pin(p.sc));
	tls_conf_hold(p.cc, pin);
	pair_end(&p);
	pair_connect(&p, NULL, NOW);
	CHECK(pair_shake(&p, 0) && tls_resumed(p.c));
	CHECK_STR(tls_peer_pin(p.c), pin);
	/* the first one stays */
	tls_conf_hold(p.cc, ONE);
	pair_end(&p);
	pair_connect(&p, NULL, NOW);
	CHECK(pair_shake(&p, 0));
	pair_free(&p);
	/* what was agreed on before another was held is not taken up */
	CHECK(pair_try(&p, &nothing, &with_ec, NULL, NOW));
	tls_conf_hold(p.cc, ONE);
	pair_end(&p);
	pair_connect(&p, NULL, NOW);
	CHECK(!pair_shake(&p, 0) && !tls_resumed(p.c));
	CHECK(strstr(tls_why(p.c), ", not the expected " ONE) != NULL);
	pair_free(&p);
}
