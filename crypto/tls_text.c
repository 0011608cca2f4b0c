// SPDX-License-Identifier: MIT
#include "crypto/tls_internal.h"

struct row {
	int number;
	const char *text;
	int alert;
};

/* RFC 5246, 7.2 */
static const struct row alerts[] = {
	{ 0, "close notify", 0 },
	{ 10, "unexpected message", 0 },
	{ 20, "bad record MAC", 0 },
	{ 21, "decryption failed", 0 },
	{ 22, "record overflow", 0 },
	{ 30, "decompression failure", 0 },
	{ 40, "handshake failure", 0 },
	{ 41, "no certificate", 0 },
	{ 42, "bad certificate", 0 },
	{ 43, "unsupported certificate", 0 },
	{ 44, "certificate revoked", 0 },
	{ 45, "certificate expired", 0 },
	{ 46, "certificate unknown", 0 },
	{ 47, "illegal parameter", 0 },
	{ 48, "unknown CA", 0 },
	{ 49, "access denied", 0 },
	{ 50, "decode error", 0 },
	{ 51, "decrypt error", 0 },
	{ 70, "protocol version", 0 },
	{ 71, "insufficient security", 0 },
	{ 80, "internal error", 0 },
	{ 86, "inappropriate fallback", 0 },
	{ 90, "user canceled", 0 },
	{ 100, "no renegotiation", 0 },
	{ 109, "missing extension", 0 },
	{ 110, "unsupported extension", 0 },
	{ 112, "unrecognized name", 0 },
	{ 113, "bad certificate status", 0 },
	{ 115, "unknown PSK identity", 0 },
	{ 116, "certificate required", 0 },
	{ 120, "no application protocol", 0 },
};

static const struct row suites[] = {
	{ BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0 },
	{ BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0 },
	{ BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0 },
	{ BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0 },
	{ BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0 },
	{ BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0 },
};

static const struct row errors[] = {
	{ BR_ERR_UNSUPPORTED_VERSION, "no common TLS version (1.2 is needed)",
	  BR_ALERT_PROTOCOL_VERSION },
	{ BR_ERR_BAD_VERSION, "peer changed the TLS version",
	  BR_ALERT_PROTOCOL_VERSION },
	{ BR_ERR_TOO_LARGE, "record is too long", BR_ALERT_RECORD_OVERFLOW },
	{ BR_ERR_BAD_LENGTH, "record has an impossible length",
	  BR_ALERT_DECODE_ERROR },
	{ BR_ERR_BAD_MAC, "record was changed on its way",
	  BR_ALERT_BAD_RECORD_MAC },
	{ BR_ERR_UNEXPECTED, "peer sent a message out of turn",
	  BR_ALERT_UNEXPECTED_MESSAGE },
	{ BR_ERR_BAD_CIPHER_SUITE, "peer chose a cipher suite not offered",
	  BR_ALERT_ILLEGAL_PARAMETER },
	{ BR_ERR_BAD_FINISHED, "handshake was changed on its way",
	  BR_ALERT_DECRYPT_ERROR },
	{ BR_ERR_RESUME_MISMATCH, "peer resumed another session",
	  BR_ALERT_ILLEGAL_PARAMETER },
	{ BR_ERR_INVALID_ALGORITHM, "peer uses an unknown algorithm or curve",
	  BR_ALERT_ILLEGAL_PARAMETER },
	{ BR_ERR_BAD_SIGNATURE, "peer's handshake signature is wrong",
	  BR_ALERT_DECRYPT_ERROR },
	{ BR_ERR_WRONG_KEY_USAGE, "certificate's key is not for this use",
	  BR_ALERT_UNSUPPORTED_CERTIFICATE },
	{ BR_ERR_NO_CLIENT_AUTH, "client sent no certificate",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_X509_EMPTY_CHAIN, "peer sent no certificate",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_X509_BAD_SIGNATURE, "certificate's signature is wrong",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_X509_EXPIRED, "certificate has expired or is not yet valid",
	  BR_ALERT_CERTIFICATE_EXPIRED },
	{ BR_ERR_X509_DN_MISMATCH, "certificates do not form a chain",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_X509_BAD_SERVER_NAME, "certificate is not for this name",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_X509_CRITICAL_EXTENSION,
	  "certificate has a critical extension that is not understood",
	  BR_ALERT_UNSUPPORTED_CERTIFICATE },
	{ BR_ERR_X509_NOT_CA, "certificate's signer is not a CA",
	  BR_ALERT_UNKNOWN_CA },
	{ BR_ERR_X509_FORBIDDEN_KEY_USAGE,
	  "certificate's key is not for this use",
	  BR_ALERT_UNSUPPORTED_CERTIFICATE },
	{ BR_ERR_X509_WEAK_PUBLIC_KEY, "certificate's key is too weak",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_X509_UNSUPPORTED,
	  "certificate's key or signature is of an unknown kind",
	  BR_ALERT_UNSUPPORTED_CERTIFICATE },
	{ BR_ERR_X509_NOT_TRUSTED, "certificate is not signed by a trusted CA",
	  BR_ALERT_UNKNOWN_CA },
	{ X509_ERR_PURPOSE, "certificate is not for this side of TLS",
	  BR_ALERT_UNSUPPORTED_CERTIFICATE },
	{ X509_ERR_TOO_LONG, "certificate or chain is too long",
	  BR_ALERT_BAD_CERTIFICATE },
	{ BR_ERR_SEND_FATAL_ALERT + BR_ALERT_HANDSHAKE_FAILURE,
	  "no common cipher suite or version", -1 },
	{ BR_ERR_SEND_FATAL_ALERT + BR_ALERT_PROTOCOL_VERSION,
	  "no common cipher suite or version (TLS 1.2 is needed)", -1 },
	{ BR_ERR_SEND_FATAL_ALERT + 86, "peer fell back to an older TLS", -1 },
};

static const struct row *
find(const struct row *v, size_t n, int number)
{
	for (; n > 0; n--, v++)
		if (v->number == number)
			return v;
	return NULL;
}

#define FIND(table_, number_) \
	find(table_, sizeof(table_) / sizeof((table_)[0]), (int)(number_))

const char *
tls_text_alert(unsigned alert)
{
	const struct row *r = FIND(alerts, alert);

	return r ? r->text : NULL;
}

const char *
tls_text_suite(unsigned suite)
{
	const struct row *r = FIND(suites, suite);

	return r ? r->text : NULL;
}

const char *
tls_text_error(int err, int *alert)
{
	const struct row *r = FIND(errors, err);

	*alert = r ? r->alert : BR_ALERT_DECODE_ERROR;
	if (r)
		return r->text;
	if (err >= BR_ERR_X509_OK && err <= BR_ERR_X509_NOT_TRUSTED) {
		*alert = BR_ALERT_BAD_CERTIFICATE;
		return "certificate is damaged or of an unknown kind";
	}
	if (err >= BR_ERR_SEND_FATAL_ALERT)
		*alert = -1;
	return "peer's handshake makes no sense";
}
