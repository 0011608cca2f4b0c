// SPDX-License-Identifier: MIT
#include "core/map.h"

#include "test/t.h"

#define KEYS 512

static char values[KEYS]; /* only their addresses matter */

static size_t
count(const struct map *m)
{
	size_t at = 0, n = 0;
	void *v;

	while (map_each(m, &at, &v))
		n++;
	return n;
}

TEST(map_that_is_empty_answers_all_questions)
{
	struct map m = { 0 };

	CHECK(map_num(&m, 0) == NULL && map_str(&m, "") == NULL);
	CHECK(map_num_del(&m, 7) == NULL && map_str_del(&m, "x") == NULL);
	CHECK(count(&m) == 0);
	map_free(&m);
	CHECK(m.slots == NULL && m.cap == 0);
}

TEST(map_replaces_and_returns_what_was_there)
{
	struct map m = { 0 };

	map_num_set(&m, 5, &values[0]);
	map_num_set(&m, 5, &values[1]);
	CHECK(m.used == 1 && map_num(&m, 5) == &values[1]);
	CHECK(map_num_del(&m, 5) == &values[1]);
	CHECK(m.used == 0 && map_num_del(&m, 5) == NULL);
	map_free(&m);
}

TEST(map_tells_texts_from_numbers_and_from_each_other)
{
	char key[] = "name";
	struct map m = { .seed = 3 };

	map_str_set(&m, key, &values[0]);
	map_str_set(&m, "", &values[1]);
	map_num_set(&m, 0, &values[2]);
	map_num_set(&m, UINT64_MAX, &values[3]);
	key[0] = 'g'; /* the key was copied */
	CHECK(map_str(&m, "name") == &values[0]);
	CHECK(map_str(&m, "game") == NULL);
	CHECK(map_str(&m, "") == &values[1]);
	CHECK(map_num(&m, 0) == &values[2]);
	CHECK(map_num(&m, UINT64_MAX) == &values[3]);
	CHECK(map_str_del(&m, "name") == &values[0]);
	CHECK(count(&m) == 3);
	map_free(&m);
	CHECK(m.seed == 3); /* it can be used again */
}

static void
name_of(char to[32], int i)
{
	snprintf(to, 32, "%.*sproxy%d", i % 13, "abcdefghijklm", i);
}

/* Many keys in a small table: runs that pass its end, holes in the middle of
 * them, growth and shrinking, all against an array. */
static void
against_model(uint64_t seed, bool texts)
{
	bool in[KEYS] = { false };
	size_t n = 0, step;
	struct map m = { .seed = seed };
	uint32_t dice = (uint32_t)seed + 1;

	for (step = 0; step < 20000; step++) {
		/* now mostly in, now mostly out */
		bool filling = step / 2500 % 2 == 0;
		char name[32];
		void *was;
		int k;

		dice = dice * 1664525 + 1013904223;
		k = (int)(dice >> 8) % KEYS;
		k = k < 0 ? -k : k;
		name_of(name, k);
		if ((dice >> 28 < 11) == filling) {
			n += !in[k];
			in[k] = true;
			if (texts)
				map_str_set(&m, name, &values[k]);
			else
				map_num_set(&m, (uint64_t)k * 3, &values[k]);
		} else {
			was = texts ? map_str_del(&m, name) :
				      map_num_del(&m, (uint64_t)k * 3);
			if (was != (in[k] ? &values[k] : NULL))
				break;
			n -= in[k];
			in[k] = false;
		}
		if (m.used != n || (m.cap && m.used * 4 > m.cap * 3))
			break;
		if (step % 128)
			continue;
		for (k = 0; k < KEYS; k++) {
			name_of(name, k);
			was = texts ? map_str(&m, name) :
				      map_num(&m, (uint64_t)k * 3);
			if (was != (in[k] ? &values[k] : NULL))
				break;
		}
		if (k < KEYS || count(&m) != n)
			break;
	}
	CHECK(step == 20000);
	map_free(&m);
}

TEST(map_of_numbers_is_as_an_array_would_be)
{
	uint64_t seed;

	for (seed = 0; seed < 8; seed++)
		against_model(seed * 0x123456789abcdefu, false);
}

TEST(map_of_texts_is_as_an_array_would_be)
{
	uint64_t seed;

	for (seed = 0; seed < 8; seed++)
		against_model(seed * 0x123456789abcdefu, true);
}

TEST(map_gives_memory_back_when_it_empties)
{
	struct map m = { 0 };
	uint64_t i;

	for (i = 0; i < 5000; i++)
		map_num_set(&m, i, values);
	CHECK(m.cap == 8192);
	for (i = 0; i < 5000; i++)
		CHECK(map_num_del(&m, i) == values);
	CHECK(m.cap == 8 && m.used == 0);
	map_free(&m);
}

/* The longest run of full places: what a failed search has to walk. */
static size_t
longest_run(const struct map *m)
{
	size_t i, run = 0, most = 0;

	for (i = 0; i < 2 * m->cap; i++) {
		run = m->slots[i % m->cap].value ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return most;
}

TEST(map_spreads_regular_keys)
{
	uint64_t step;

	for (step = 1; step; step <<= 4) {
		struct map m = { 0 };
		uint64_t i;

		for (i = 0; i < 1500; i++)
			map_num_set(&m, i * step, values);
		CHECK(longest_run(&m) < 256);
		map_free(&m);
	}
}

static uint64_t
hash_seen(uint64_t seed, const char *key)
{
	struct map m = { .seed = seed };
	uint64_t h = 0;
	size_t i;

	map_str_set(&m, key, values);
	for (i = 0; i < m.cap; i++)
		if (m.slots[i].value)
			h = m.slots[i].num;
	map_free(&m);
	return h;
}

/* The difference of two hashes must not carry over from seed to seed: that is
 * what lets somebody choose texts that collide without knowing the seed. */
TEST(map_hashes_differ_differently_under_each_seed)
{
	static const char *const keys[] = { "", "a", "b", "abcdefg", "abcdefgh",
		"abcdefghi", "abcdefgi", "\xff" };
	size_t i, k;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		for (k = 0; k < i; k++) {
			uint64_t a = hash_seen(1, keys[i]) -
			    hash_seen(1, keys[k]);
			uint64_t b = hash_seen(257, keys[i]) -
			    hash_seen(257, keys[k]);

			CHECK(a != 0 && b != 0 && a != b);
		}
}

/* From an implementation in Python that reproduces the vector of the SipHash
 * paper. */
TEST(map_hashes_texts_with_siphash)
{
	CHECK(hash_seen(1, "") == 0x596b81a3aac6a661);
	CHECK(hash_seen(1, "a") == 0x4a28601185b85fbb);
	CHECK(hash_seen(1, "abcdefg") == 0x839429e88c82e263);
	CHECK(hash_seen(1, "abcdefgh") == 0x19f1e5184b542683);
	CHECK(hash_seen(1, "abcdefghi") == 0x52866723e2da0835);
}
