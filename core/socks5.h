/* SOCKS5 (RFC 1928) with user and password (RFC 1929), both roles.  Bytes are
 * taken up to where the handshake ends and not further: what follows is the
 * target's. */
#ifndef CORE_SOCKS5_H
#define CORE_SOCKS5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define SOCKS5_NAME_MAX 255
/* The longest message: that of user and password. */
#define SOCKS5_MESSAGE_MAX (3 + 2 * SOCKS5_NAME_MAX)
#define SOCKS5_LINE_MAX 512 /* see socks5_line */

enum socks5_command {
	SOCKS5_CONNECT = 1,
	SOCKS5_BIND,
	SOCKS5_UDP_ASSOCIATE,
};

enum socks5_code { /* of a reply */
	SOCKS5_OK,
	SOCKS5_FAILED,
	SOCKS5_DENIED,
	SOCKS5_NO_NETWORK,
	SOCKS5_NO_HOST,
	SOCKS5_REFUSED,
	SOCKS5_LATE,
	SOCKS5_NO_COMMAND,
	SOCKS5_NO_ADDRESS,
};

struct socks5_addr {
	uint8_t ip_len; /* 4, 16, or 0: it is a name */
	uint8_t ip[16];
	char name[SOCKS5_NAME_MAX + 1];
	uint16_t port;
};

struct socks5 { /* plain; holds no memory, but socks5_wipe it */
	uint8_t state, method;
	uint8_t command; /* of a client; CONNECT, or set it thereafter */
	bool hurried;
	uint16_t have; /* bytes of in */
	int err;       /* sticky */
	const char *user, *password;
	uint8_t in[SOCKS5_MESSAGE_MAX];
};

/* A server; user and password are borrowed, NULL for everybody.  A peer that
 * offers no way that we want is told so in out. */
void socks5_server(struct socks5 *s, const char *user, const char *password);
/* 1: a request has come, *command and *addr, to be answered by socks5_reply;
 * 0: all is taken and more is needed; <0: send out, and close. */
int socks5_request(struct socks5 *s, const uint8_t **p, size_t *n,
    struct buf *out, enum socks5_command *command, struct socks5_addr *addr);
/* addr: where from the connection goes, or where datagrams go to; NULL will
 * do for refusals.  A name in it is not told. */
void socks5_reply(struct buf *out, enum socks5_code code,
    const struct socks5_addr *addr);

/* A client: its first words are put.  ERR_PROTO: a name, user or password is
 * empty or too long; user NULL for none. */
int socks5_client(struct socks5 *s, struct buf *out, const char *user,
    const char *password, const struct socks5_addr *target);
/* Behind socks5_client's words for nobody: puts the request too, before the
 * server has answered, which saves a round trip. */
void socks5_hurry(struct socks5 *s, struct buf *out,
    const struct socks5_addr *target);
/* 1: the way is open; 0: send what is in out, more is needed; <0: it is not,
 * and why is put for people.  target as above. */
int socks5_answer(struct socks5 *s, const uint8_t **p, size_t *n,
    struct buf *out, const struct socks5_addr *target, struct buf *why);
/* When socks5_answer has failed: the reply's code; SOCKS5_OK: there was none. */
unsigned socks5_code(const struct socks5 *s);
/* When it has succeeded: the port that the reply names. */
int socks5_port(const struct socks5 *s);
/* The line of text that our own server puts
 * behind a reply that refuses.  1: line has it, cleaned of what is not
 * printable; 0: more is needed; <0: there is none to come. */
int socks5_line(struct socks5 *s, const uint8_t **p, size_t *n,
    struct buf *line);

void socks5_wipe(struct socks5 *s);
const char *socks5_text(unsigned code); /* static, for people */
/* false when it does not fit. */
bool socks5_set_name(struct socks5_addr *a, const char *name, uint16_t port);

/* The head of a datagram (RFC 1928, 7): how long it is, 0 when there is none
 * or it is a fragment; and the same way back, an address of 4 or 16. */
size_t socks5_datagram(struct socks5_addr *from, const uint8_t *p, size_t n);
void socks5_put_datagram(struct buf *to, const struct socks5_addr *addr);

#endif
