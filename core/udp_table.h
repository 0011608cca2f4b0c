/* Who sends datagrams: a session for each source address, found in constant
 * time.  A session ends when it was idle for long, or when the table is full
 * and it is the one that was idle longest: whoever calls is then told, so that
 * any number of sources takes the same memory. */
#ifndef CORE_UDP_TABLE_H
#define CORE_UDP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_TABLE_KEY_MAX  40	 /* family, address, port, scope; or text */
#define UDP_TABLE_SESSIONS 4096	 /* a good number to have at most */
#define UDP_TABLE_IDLE	   30000 /* frp's, in ms */
#define UDP_TABLE_SEED_LEN 16

struct udp_table;

struct udp_key {
	uint8_t n, bytes[UDP_TABLE_KEY_MAX];
};

/* A session that has ended: what it was for is now the caller's to free. */
struct udp_gone {
	void *arg;
	struct udp_key key;
};

/* most > 0 sessions, idle and every `now` in ms; the seed is random, so that
 * nobody outside can choose what collides. */
struct udp_table *udp_table_new(uint32_t most, uint64_t idle,
    const uint8_t seed[static UDP_TABLE_SEED_LEN]);
void udp_table_free(struct udp_table *t); /* not the args; NULL is fine */

/* false when there are more than UDP_TABLE_KEY_MAX bytes. */
bool udp_key_set(struct udp_key *k, const void *p, size_t n);

/* The session's arg, or NULL; from now on it is the one used last. */
void *udp_table_use(struct udp_table *t, const struct udp_key *k,
    uint64_t now);
/* A new session; k has none yet, arg is not NULL.  true: the table was full,
 * and gone is who had to go. */
bool udp_table_add(struct udp_table *t, const struct udp_key *k, void *arg,
    uint64_t now, struct udp_gone *gone);
void *udp_table_del(struct udp_table *t, const struct udp_key *k);
/* One that was idle for too long; call it until it is false. */
bool udp_table_expire(struct udp_table *t, uint64_t now,
    struct udp_gone *gone);
/* Any one, until there is none: for the end. */
bool udp_table_pop(struct udp_table *t, struct udp_gone *gone);

uint64_t udp_table_deadline(const struct udp_table *t); /* or UINT64_MAX */
size_t udp_table_sessions(const struct udp_table *t);

#endif
