/* TLS 1.2 as a filter without sockets: ciphertext in, plain text out, and the
 * other way; time and randomness are arguments.  ECDHE only, AES-128/256-GCM
 * first where the CPU has AES, ChaCha20-Poly1305 first elsewhere; nothing
 * below TLS 1.2, no renegotiation.
 *
 * A struct tls_conf is made once and shared by all sessions of one side; it
 * also keeps what resumes sessions, for twelve hours after a full handshake.
 * A struct tls is one session.  During the handshake it holds the big buffers
 * that BearSSL wants; afterwards records are sealed and opened straight in the
 * caller's memory and an idle session holds only its keys. */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_side { TLS_CLIENT, TLS_SERVER };

struct tls_conf;
struct tls;

/* All texts are PEM and may be NULL; they are copied. */
struct tls_setup {
	const char *cert; /* own certificate chain, with key */
	const char *key;  /* PKCS#8, SEC1 or PKCS#1, RSA or EC P-256/384/521 */
	const char *ca;	  /* whom to trust: server: demands client
			     certificates; client: verifies the server */
	const char *pin;  /* client: the server must have one of these keys,
			     see crypto/pins.h; checked alone or beside ca */
	const char *own_key; /* server without cert: the key to make one for */
	struct tls_conf *own; /* server: whose certificate and key go on where
				 none is given; NULL: see own_key */
};

/* A server without a certificate makes itself one: ECDSA P-256, with own_key
 * or a new one, positive random serial, valid from an hour before now for ten
 * years.  NULL with a reason for people in why. */
struct tls_conf *tls_conf_new(enum tls_side side, const struct tls_setup *s,
    int64_t now, const uint8_t seed[static 32], char *why, size_t whylen);
/* NULL is fine; what sessions that are not freed yet need stays for them. */
void tls_conf_free(struct tls_conf *c);
/* Client: from now on the server must have this key; where pins were set they
 * stay the only ones. */
void tls_conf_hold(struct tls_conf *c, const char *pin);
/* The pin of our own certificate, "sha256:…"; NULL without one. */
const char *tls_conf_pin(const struct tls_conf *c);

/* name: client only: what the certificate must be for, a host name or an IP
 * literal (matched against DNS or IP SANs; sent as SNI unless an IP).  What is
 * neither fails where there is a ca.  NULL: no SNI and no name check. */
struct tls *tls_new(struct tls_conf *conf, const char *name, int64_t now,
    const uint8_t seed[static 32]);
void tls_free(struct tls *t);

/* Ciphertext from the peer: borrowed, and decrypted in place, until tls_next
 * returns 0 or less.  Part of a record is kept for the next feed. */
void tls_feed(struct tls *t, uint8_t *p, size_t n);
/* 1: a piece of plain text, borrowed until the next tls_feed or tls_rest, even
 * when more is taken of this feed; 0: more is needed;
 * ERR_EOF (-1): close_notify came; ERR_TLS (-6): broken, see tls_why. */
int tls_next(struct tls *t, const uint8_t **p, size_t *n);
/* Nothing of the feed is borrowed any more: gives back what was kept for it. */
void tls_rest(struct tls *t);
/* True once application data may flow. */
bool tls_ready(const struct tls *t);
/* End of TCP without close_notify in the middle of a record or handshake. */
bool tls_truncated(const struct tls *t);

/* What must go to the peer of handshake and alerts: borrowed until ack. */
const uint8_t *tls_output(struct tls *t, size_t *n);
void tls_output_ack(struct tls *t, size_t n);

/* Seals n bytes into records at to, which has tls_seal_room(n) bytes; returns
 * what was written: 0 for n 0, when not ready, or after tls_seal_close.  Only
 * after tls_output is empty.  to and p may not overlap. */
size_t tls_seal_room(size_t n);
size_t tls_seal(struct tls *t, uint8_t *to, const uint8_t *p, size_t n);
/* The same for close_notify. */
#define TLS_CLOSE_ROOM 64
size_t tls_seal_close(struct tls *t, uint8_t *to);

/* For people: what ended it ("certificate has expired", …); "" until then. */
const char *tls_why(const struct tls *t);
/* For logs and tests, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256". */
const char *tls_suite(const struct tls *t);
bool tls_resumed(const struct tls *t);
/* The peer's pin, "sha256:…", or NULL if it showed no certificate. */
const char *tls_peer_pin(const struct tls *t);
/* The same of a server that was refused for it; else NULL. */
const char *tls_strange_pin(const struct tls *t);

#endif
