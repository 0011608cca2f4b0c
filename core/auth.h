/* The token method of frp: what a client shows and a server checks. */
#ifndef CORE_AUTH_H
#define CORE_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#define AUTH_KEY_LEN 32

/* The privilege key for token at Unix time t: 32 hex digits and a NUL. */
void auth_key(char to[static AUTH_KEY_LEN + 1], const char *token, int64_t t);
/* Constant time in token and key. */
bool auth_ok(const char *token, int64_t t, const char *key);
/* The key of everything that is encrypted under a token or secret. */
void auth_stream_key(uint8_t to[static 16], const char *token);

#endif
