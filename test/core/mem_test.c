// SPDX-License-Identifier: MIT
#include "core/mem.h"

#include "test/t.h"

TEST(mem_gives_zeroes_and_grows_them)
{
	char *p = mem_zero(100);
	int i, sum = 0;

	for (i = 0; i < 100; i++)
		sum |= p[i];
	CHECK(sum == 0);
	p[99] = 'x';
	p = mem_grow(p, 100000);
	CHECK(p[99] == 'x');
	free(p);
}

TEST(mem_of_no_size_is_still_memory)
{
	void *a = mem_zero(0), *b = mem_grow(NULL, 0);

	CHECK(a && b);
	b = mem_grow(b, 0);
	CHECK(b != NULL);
	free(a);
	free(b);
}

TEST(mem_copies_texts)
{
	char *whole = mem_dup("culvert"), *part = mem_dupn("culvert", 3),
	     *none = mem_dupn(NULL, 0);

	CHECK_STR(whole, "culvert");
	CHECK_STR(part, "cul");
	CHECK_STR(none, "");
	CHECK(mem_dup(NULL) == NULL);
	free(whole);
	free(part);
	free(none);
}

TEST(mem_wipes_just_what_it_is_given)
{
	char text[] = "secret!";

	mem_wipe(text, 6);
	CHECK(memcmp(text, "\0\0\0\0\0\0!", 8) == 0);
	mem_wipe(NULL, 0);
	mem_free_secret(NULL);
	mem_free_secret(mem_dup("token"));
}

TEST(mem_slot_doubles_from_four)
{
	size_t cap = 0, i, moves = 0, last = 0;
	int *v = NULL;

	for (i = 0; i < 1000; i++) {
		v = mem_slot(v, i, &cap, sizeof(*v));
		v[i] = (int)i;
		moves += cap != last;
		if (i == 0)
			CHECK(cap == 4);
		last = cap;
	}
	CHECK(cap == 1024 && moves == 9);
	CHECK(v[0] == 0 && v[999] == 999);
	free(v);
}
