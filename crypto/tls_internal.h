/* Between the files of TLS, and for their tests. */
#ifndef CRYPTO_TLS_INTERNAL_H
#define CRYPTO_TLS_INTERNAL_H

#include "crypto/pem.h"
#include "crypto/tls.h"
#include "crypto/tls_cache.h"
#include "crypto/x509_check.h"

/* The numbers of core/err.h, which this layer may not include. */
#define TLS_ERR_EOF (-1)
#define TLS_ERR_TLS (-6)

#define TLS_HEAD	5
#define TLS_MAX_PLAIN	16384
#define TLS_MAX_NAME	255
#define TLS_MAX_SUITES	6
#define TLS_WHY_SIZE	320

enum tls_record { TLS_CCS = 20, TLS_ALERT, TLS_HANDSHAKE, TLS_DATA };

struct tls_conf {
	size_t uses; /* the maker's, and each session's */
	enum tls_side side;
	struct tls_conf *own; /* that has the memory of certs and key */
	struct pem_certs certs;
	struct pem_key key;
	unsigned issuer_type; /* BR_KEYTYPE_… of who signed certs */
	br_x509_trust_anchor *anchors;
	size_t n_anchors;
	struct pins pins; /* client: none is any */
	char own_pin[PINS_SIZE];
	uint16_t suites[TLS_MAX_SUITES];
	size_t n_suites;
	bool has_aes, has_wide_aes;
	struct tls_cache *cache; /* server: made with the first session */
	struct tls_session last; /* client: what to resume */
	char last_name[TLS_MAX_NAME + 1];
};

/* One direction, once the handshake is over. */
union tls_keys {
	const br_sslrec_in_class *in;
	const br_sslrec_out_class *out;
	br_sslrec_gcm_context gcm;
	br_sslrec_chapol_context chapol;
};

/* What only the handshake needs. */
struct tls_hs {
	union {
		br_ssl_engine_context eng; /* first in both */
		br_ssl_client_context client;
		br_ssl_server_context server;
	} u;
	struct x509_check check;
	struct {
		const br_ssl_session_cache_class *vtable; /* first */
		struct tls *tls;
	} store;
	struct tls_session offered; /* what we offered or found */
	int64_t now;
	size_t heard; /* bytes from the peer */
	char name[TLS_MAX_NAME + 1];
	uint8_t *buffer; /* BR_SSL_BUFSIZE_BIDI bytes, no secrets */
};

struct tls {
	struct tls_conf *conf;
	struct tls_hs *hs; /* NULL: over */
	union tls_keys in, out;
	uint8_t *span;	/* fed and not yet looked at */
	size_t left;
	uint8_t *part;	/* the start of a record, from earlier feeds */
	size_t part_len, part_cap;
	uint8_t *lent;	/* the one whose text was given out in this feed */
	size_t lent_cap;
	uint8_t *output;
	size_t output_at, output_len, output_cap;
	char *why;
	int err;
	unsigned idle;	/* records without data in a row */
	uint16_t suite;
	uint8_t out_head; /* bytes of a sealed record before the text */
	bool started;	/* no longer a handshake, once */
	bool resumed, closed, has_peer_pin;
	bool strange; /* peer_pin is none that is expected */
	char peer_pin[PINS_SIZE];
};

/* tls_conf.c */
/* Leaves only these suites, in this order, for tests of each. */
void tls_conf_set_suites(struct tls_conf *c, const uint16_t *suites, size_t n);

/* tls_hs.c */
void tls_hs_start(struct tls *t, const char *name, int64_t now,
    const uint8_t seed[static 32]);
void tls_hs_run(struct tls *t); /* until it is over, or wants more */
void tls_hs_free(struct tls *t);

/* tls_record.c */
/* Seals n bytes that lie at to + out->max_plaintext's start. */
size_t tls_record_seal(const br_sslrec_out_class **keys, uint8_t *to,
    enum tls_record type, size_t n);
int tls_record_next(struct tls *t, const uint8_t **p, size_t *n);

/* tls.c */
void tls_output_add(struct tls *t, const void *p, size_t n);
/* Ends the session.  alert: what the peer is told, -1 for nothing. */
void tls_fail(struct tls *t, int alert, const char *why, ...)
    __attribute__((format(printf, 3, 4)));

/* tls_text.c */
const char *tls_text_alert(unsigned alert); /* NULL: no such alert */
const char *tls_text_suite(unsigned suite);
/* The reason for a BearSSL error, and the alert for it. */
const char *tls_text_error(int err, int *alert);

#endif
