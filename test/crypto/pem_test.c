// SPDX-License-Identifier: MIT
#include "crypto/pem.h"
#include "crypto/tls.h"
#include "test/t.h"
#include "test/vectors/certs.h"

#define NOW 1800000000

TEST(pem_takes_several_certificates_and_what_lies_between)
{
	struct pem_certs c;

	CHECK(pem_read_certs(&c, PEM_CA) == NULL && c.n == 1);
	pem_free_certs(&c);
	CHECK(pem_read_certs(&c, "hello\n" PEM_CA "\n\nsome: text -----\n"
	    PEM_SERVER_KEY PEM_SERVER "bye") == NULL && c.n == 2);
	CHECK(c.n == 2 && c.v[0].data[0] == 0x30);
	pem_free_certs(&c);
	pem_free_certs(&c);
}

TEST(pem_takes_every_line_end)
{
	char text[8192], *to = text;
	const char *from;
	struct pem_certs c;

	for (from = PEM_CA; *from; from++) {
		if (*from == '\n')
			*to++ = '\r';
		*to++ = *from;
	}
	*to = '\0';
	CHECK(pem_read_certs(&c, text) == NULL && c.n == 1);
	pem_free_certs(&c);
	strcpy(text, PEM_CA);
	text[strlen(text) - 1] = '\0'; /* no line end at all */
	CHECK(pem_read_certs(&c, text) == NULL && c.n == 1);
	pem_free_certs(&c);
}

TEST(pem_says_what_is_wrong_with_certificates)
{
	struct pem_certs c;
	char text[8192];
	size_t i;

	CHECK_STR(pem_read_certs(&c, ""), "no certificate found");
	CHECK_STR(pem_read_certs(&c, "x"), "no certificate found");
	CHECK_STR(pem_read_certs(&c, PEM_SERVER_KEY), "no certificate found");
	strcpy(text, PEM_CA);
	text[100] = '!';
	CHECK_STR(pem_read_certs(&c, text), "PEM block is damaged");
	/* The last line counts from its first words on. */
	for (i = 0; i < strlen(PEM_CA) - 1; i++) {
		strcpy(text, PEM_CA);
		text[i] = '\0';
		if (!CHECK(!pem_read_certs(&c, text) ==
		    !!strstr(text, "-----END ")))
			printf("    at %zu\n", i);
		pem_free_certs(&c);
	}
}

TEST(pem_stops_at_its_limits)
{
	char *text = malloc((PEM_MAX_CERTS + 2) * sizeof(PEM_CA) +
	    200000), *to = text;
	struct pem_certs c;
	int i;

	for (i = 0; i < PEM_MAX_CERTS; i++)
		to = stpcpy(to, PEM_CA);
	CHECK(pem_read_certs(&c, text) == NULL && c.n == PEM_MAX_CERTS);
	pem_free_certs(&c);
	stpcpy(to, PEM_CA);
	CHECK_STR(pem_read_certs(&c, text),
	    "too many certificates in one file");
	to = stpcpy(text, "-----BEGIN CERTIFICATE-----\n");
	for (i = 0; i < 1400; i++)
		to = stpcpy(to, "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
				"QUFBQUFBQUFBQUFBQUFB\n");
	stpcpy(to, "-----END CERTIFICATE-----\n");
	CHECK_STR(pem_read_certs(&c, text), "PEM block is too long");
	free(text);
}

TEST(pem_reads_every_form_of_a_key)
{
	static const struct {
		const char *text;
		int type;
	} rows[] = {
		{ PEM_SERVER_KEY, BR_KEYTYPE_EC },
		{ PEM_SERVER_384_KEY, BR_KEYTYPE_EC },
		{ PEM_SERVER_521_KEY, BR_KEYTYPE_EC },
		{ PEM_SERVER_PKCS8_KEY, BR_KEYTYPE_EC },
		{ PEM_SERVER_RSA_KEY, BR_KEYTYPE_RSA },
		{ PEM_SERVER_RSA_PKCS8_KEY, BR_KEYTYPE_RSA },
		{ "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
		  "-----END EC PARAMETERS-----\n" PEM_SERVER_KEY,
		  BR_KEYTYPE_EC },
	};
	struct pem_key k;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(pem_read_key(&k, rows[i].text) == NULL);
		CHECK(k.type == rows[i].type);
		pem_free_key(&k);
		CHECK(k.type == 0 && k.memory == NULL);
	}
}

TEST(pem_says_what_is_wrong_with_keys)
{
	static const char locked[] = "encrypted private keys are not supported";
	static const char kind[] = "private key is damaged, or neither RSA nor "
				   "EC (P-256, P-384, P-521)";
	struct pem_key k;

	CHECK_STR(pem_read_key(&k, PEM_CA), "no private key found");
	CHECK_STR(pem_read_key(&k, PEM_SERVER_LOCKED_KEY), locked);
	CHECK_STR(pem_read_key(&k, "-----BEGIN RSA PRIVATE KEY-----\n"
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
	    "-----END RSA PRIVATE KEY-----\n"), locked);
	CHECK_STR(pem_read_key(&k, PEM_ED25519_KEY), kind);
	CHECK_STR(pem_read_key(&k, PEM_SERVER_KEY PEM_CLIENT_KEY),
	    "more than one private key in one file");
}

TEST(tls_conf_says_what_is_wrong)
{
	static const char pin[] =
	    "pin must be \"sha256:\" and 64 hex digits, several with commas "
	    "between";
	static const struct {
		enum tls_side side;
		struct tls_setup s;
		const char *why;
	} rows[] = {
		{ TLS_SERVER, { .cert = PEM_SERVER, .key = PEM_CLIENT_KEY },
		  "private key does not belong to the certificate" },
		{ TLS_SERVER, { .cert = PEM_SERVER, .key = PEM_SERVER_RSA_KEY },
		  "private key does not belong to the certificate" },
		{ TLS_CLIENT, { .cert = PEM_SERVER_RSA,
				.key = PEM_CLIENT_RSA_KEY },
		  "private key does not belong to the certificate" },
		{ TLS_SERVER, { .cert = PEM_SERVER },
		  "certificate and private key need each other" },
		{ TLS_CLIENT, { .key = PEM_SERVER_KEY },
		  "certificate and private key need each other" },
		{ TLS_CLIENT, { .ca = "" },
		  "trusted CA: no certificate found" },
		{ TLS_SERVER, { .ca = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				      "-----END CERTIFICATE-----\n" },
		  "trusted CA: trusted certificate is damaged, or its key is "
		  "neither RSA nor EC" },
		{ TLS_SERVER, { .pin = "x" }, "a pin is for clients only" },
		{ TLS_CLIENT, { .pin = "x" }, pin },
		{ TLS_CLIENT, { .pin = "sha256:00" }, pin },
		{ TLS_CLIENT, { .pin = "sha256:"
		  "00112233445566778899aabbccddeeff"
		  "00112233445566778899aabbccddeefg" }, pin },
	};
	static const uint8_t seed[32];
	char why[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why[0] = '\0';
		CHECK(!tls_conf_new(rows[i].side, &rows[i].s, NOW, seed, why,
		    sizeof(why)));
		CHECK_STR(why, rows[i].why);
	}
	tls_conf_free(NULL);
}
