/* UTF-8, one character at a time. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0xfffdu /* stands for what cannot be read */

/* The character at p, of n > 0 bytes, and its length; 0 when the bytes are no
 * UTF-8 (overlong, surrogate, past U+10FFFF, cut short), *rune is UTF8_BAD. */
size_t utf8_get(const char *p, size_t n, uint32_t *rune);
/* To has room for 4; returns the length.  What is no character, a surrogate
 * say, is written as UTF8_BAD. */
size_t utf8_put(char *to, uint32_t rune);

#endif
