/* IP addresses out of text, strictly: four decimal numbers without needless
 * zeroes, or what RFC 4291 allows; no zone, no brackets. */
#ifndef CORE_IP_TEXT_H
#define CORE_IP_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* 4 or 16, the bytes put at to; 0 when the n characters are no address. */
size_t ip_text_read(uint8_t to[static 16], const char *s, size_t n);
/* An IPv4 address written as IPv6 (::ffff:10.0.0.1) is made 4 bytes; the
 * length of what it is now. */
size_t ip_text_unmap(uint8_t ip[static 16], size_t len);

#endif
