/* Bytes as text and back: hex and base64; and what of an id may be shown. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* to gets 2 * n digits, lower case, and a NUL. */
void text_hex(char *to, const uint8_t *p, size_t n);
int text_unhex(uint8_t *to, const char *s, size_t n); /* n digits; <0 if not */

/* Base64 with padding, to gets TEXT_B64_LEN(n) characters and a NUL. */
#define TEXT_B64_LEN(n) (((n) + 2) / 3 * 4)
void text_b64(char *to, const uint8_t *p, size_t n);
/* As Go's StdEncoding: padding demanded, line ends skipped.  Returns the
 * number of bytes, at most n / 4 * 3, or <0. */
long text_unb64(uint8_t *to, const char *s, size_t n);

/* The first characters of an id that is half a secret: enough to tell one from
 * the other in a log, and never more than half of it. */
#define TEXT_TAG 7
void text_tag(char to[static TEXT_TAG], const char *id);

#endif
