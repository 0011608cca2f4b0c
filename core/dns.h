/* DNS as far as a client needs it to turn a name into addresses: one question
 * as bytes, and what the bytes of an answer say to it.  A pure machine: who
 * asks, how and how often is net/lookup.c's. */
#ifndef CORE_DNS_H
#define CORE_DNS_H

#include <stddef.h>
#include <stdint.h>

#define DNS_QUERY_MAX 272 /* head, the longest name, type and class */
#define DNS_UDP_MAX   4096
#define DNS_MAX	      16 /* addresses used of an answer */
#define DNS_CHAIN     16 /* aliases followed in one answer */

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

enum dns_status {
	DNS_IGNORE, /* not the answer to this question: go on waiting */
	DNS_FOUND,
	DNS_NONE,      /* no such name, or it has no address of this type */
	DNS_TRUNCATED, /* ask again by TCP */
	DNS_FAILED,    /* the server cannot say, or writes nonsense */
};

struct dns_found {
	uint8_t ip[DNS_MAX][16]; /* 4 bytes of it for DNS_A */
	size_t n;
};

/* The question's length; 0 when name cannot be a host's name.  A dot at its
 * end is fine. */
size_t dns_query(uint8_t to[static DNS_QUERY_MAX], const char *name,
    enum dns_type type, uint16_t id);
/* query: as dns_query made it. */
enum dns_status dns_answer(const uint8_t *p, size_t n, const uint8_t *query,
    size_t query_len, struct dns_found *f);

#endif
