// SPDX-License-Identifier: MIT
/* Open addressing with linear probing; deletion shifts the run back, so there
 * are no tombstones to gather. */
#include "core/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

static uint64_t
turned(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turned(v[1], 13) ^ v[0];
	v[3] = turned(v[3], 16) ^ v[2];
	v[0] = turned(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = turned(v[3], 21) ^ v[0];
	v[1] = turned(v[1], 17) ^ v[2];
	v[2] = turned(v[2], 32);
}

/* SipHash-1-3: texts that collide under one seed say nothing of another, so
 * nobody outside can choose what collides.  (With a plain multiplicative hash
 * a few bits of the seed would be all there is to guess.) */
uint64_t
map_hash(uint64_t seed, const char *s)
{
	uint64_t a = seed, b = mix(seed + 1), word = 0;
	uint64_t v[4] = { a ^ 0x736f6d6570736575u, b ^ 0x646f72616e646f6du,
		a ^ 0x6c7967656e657261u, b ^ 0x7465646279746573u };
	size_t i;

	for (i = 0; s[i]; i++) {
		word |= (uint64_t)(uint8_t)s[i] << i % 8 * 8;
		if (i % 8 < 7)
			continue;
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		word = 0;
	}
	word |= (uint64_t)i << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static size_t
home(const struct map *m, uint64_t num)
{
	return (size_t)mix(num ^ m->seed) & (m->cap - 1);
}

static int
same(const struct map_slot *s, uint64_t num, const char *text)
{
	if (s->num != num || !s->text != !text)
		return 0;
	return !text || strcmp(s->text, text) == 0;
}

/* The slot of the key, or the empty one where it would go; NULL without any. */
static struct map_slot *
find(const struct map *m, uint64_t num, const char *text)
{
	size_t i;

	if (m->cap == 0)
		return NULL;
	for (i = home(m, num);; i = (i + 1) & (m->cap - 1))
		if (!m->slots[i].value || same(&m->slots[i], num, text))
			return &m->slots[i];
}

static void
resize(struct map *m, size_t cap)
{
	struct map old = *m;
	size_t i;

	m->slots = mem_zero(cap * sizeof(*m->slots));
	m->cap = cap;
	for (i = 0; i < old.cap; i++)
		if (old.slots[i].value)
			*find(m, old.slots[i].num, old.slots[i].text) =
			    old.slots[i];
	free(old.slots);
}

static void
set(struct map *m, uint64_t num, const char *text, void *value)
{
	struct map_slot *s;

	if ((m->used + 1) * 4 > m->cap * 3)
		resize(m, m->cap ? m->cap * 2 : 8);
	s = find(m, num, text);
	if (!s->value) {
		m->used++;
		s->num = num;
		s->text = mem_dup(text);
	}
	s->value = value;
}

static void *
del(struct map *m, uint64_t num, const char *text)
{
	struct map_slot *s = find(m, num, text);
	size_t hole, i;
	void *value;

	if (!s || !s->value)
		return NULL;
	value = s->value;
	free(s->text);
	m->used--;
	hole = (size_t)(s - m->slots);
	for (i = (hole + 1) & (m->cap - 1); m->slots[i].value;
	    i = (i + 1) & (m->cap - 1)) {
		size_t h = home(m, m->slots[i].num);

		/* it may move back only if its home is not behind the hole */
		if (((i - h) & (m->cap - 1)) >= ((i - hole) & (m->cap - 1))) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct map_slot){0};
	if (m->cap > 8 && m->used * 8 < m->cap)
		resize(m, m->cap / 2);
	return value;
}

void
map_free(struct map *m)
{
	size_t i;

	for (i = 0; i < m->cap; i++)
		free(m->slots[i].text);
	free(m->slots);
	*m = (struct map){ .seed = m->seed };
}

void *
map_num(const struct map *m, uint64_t key)
{
	struct map_slot *s = find(m, key, NULL);

	return s ? s->value : NULL;
}

void
map_num_set(struct map *m, uint64_t key, void *value)
{
	set(m, key, NULL, value);
}

void *
map_num_del(struct map *m, uint64_t key)
{
	return del(m, key, NULL);
}

void *
map_str(const struct map *m, const char *key)
{
	struct map_slot *s = find(m, map_hash(m->seed, key), key);

	return s ? s->value : NULL;
}

void
map_str_set(struct map *m, const char *key, void *value)
{
	set(m, map_hash(m->seed, key), key, value);
}

void *
map_str_del(struct map *m, const char *key)
{
	return del(m, map_hash(m->seed, key), key);
}

int
map_each(const struct map *m, size_t *at, void **value)
{
	for (; *at < m->cap; (*at)++)
		if (m->slots[*at].value) {
			*value = m->slots[(*at)++].value;
			return 1;
		}
	return 0;
}
