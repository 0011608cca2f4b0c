/* Who sends datagrams: a session for each source address, found in constant
 * time.  A session ends when it was idle for long, or when the table is full
 * and it has to make way: whoever calls is then told, so that any number of
 * sources takes the same memory.
 *
 * Source addresses are easily forged, by the thousand.  Hence a source that
 * was heard once makes way before one that was heard again, while those of the
 * first sort are more than an eighth of all; else the one idle longest does.
 */
#ifndef CORE_UDP_TABLE_H
#define CORE_UDP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_TABLE_KEY_MAX  24	 /* family, address, port, scope */
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

/* Its source was heard again: the session's arg, or NULL. */
void *udp_table_use(struct udp_table *t, const struct udp_key *k,
    uint64_t now);
/* Something was sent to its source: the session lasts for longer, and is worth
 * no more than before. */
void udp_table_renew(struct udp_table *t, const struct udp_key *k,
    uint64_t now);
bool udp_table_has(const struct udp_table *t, const struct udp_key *k);
/* A new session; k has none yet, arg is not NULL.  true: the table was full,
 * and gone is who had to go. */
bool udp_table_add(struct udp_table *t, const struct udp_key *k, void *arg,
    uint64_t now, struct udp_gone *gone);
void *udp_table_del(struct udp_table *t, const struct udp_key *k);
/* One that was idle for too long; call it until it is false. */
bool udp_table_expire(struct udp_table *t, uint64_t now,
    struct udp_gone *gone);
/* The one to make way, until there is none. */
bool udp_table_pop(struct udp_table *t, struct udp_gone *gone);

uint64_t udp_table_deadline(const struct udp_table *t); /* or UINT64_MAX */
size_t udp_table_sessions(const struct udp_table *t);

#endif
