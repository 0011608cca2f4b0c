/* Hash maps from a number or a text to a pointer.  Keys are copied, values
 * are the caller's.  All zero is empty. */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t num; /* the number, or the hash of the text */
	char *text;   /* NULL for numbers */
	void *value;  /* NULL for an empty place */
};

struct map {
	struct map_slot *slots;
	size_t used, cap; /* cap is a power of two, or 0 */
	uint64_t seed;	  /* set it once where keys come from peers */
};

void map_free(struct map *m); /* not the values */
void *map_num(const struct map *m, uint64_t key);
void map_num_set(struct map *m, uint64_t key, void *value); /* value not NULL */
void *map_num_del(struct map *m, uint64_t key); /* what was there, or NULL */
void *map_str(const struct map *m, const char *key);
void map_str_set(struct map *m, const char *key, void *value);
void *map_str_del(struct map *m, const char *key);

/* The number that a text stands for under that seed: who need not have the
 * text back keeps this instead. */
uint64_t map_hash(uint64_t seed, const char *text);

/* Walk: for (size_t i = 0; map_each(&m, &i, &value);) …; no change meanwhile. */
int map_each(const struct map *m, size_t *at, void **value);

#endif
