/* The test harness: a TEST registers itself, so that no list can forget it. */
#ifndef TEST_T_H
#define TEST_T_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name, *file;
	void (*run)(void);
	struct test *next;
};

void test_add(struct test *t);
bool test_check(bool ok, const char *what, const char *file, int line);
void test_skip(const char *why); /* the running test is counted as skipped */

#define TEST(name_)                                                     \
	static void name_(void);                                        \
	static struct test test_##name_ = { #name_, __FILE__, name_, NULL }; \
	__attribute__((constructor)) static void add_##name_(void)      \
	{                                                               \
		test_add(&test_##name_);                                \
	}                                                               \
	static void name_(void)

/* Goes on after a failure; the expression's value may be used to stop. */
#define CHECK(x) test_check((x), #x, __FILE__, __LINE__)
#define CHECK_STR(a, b)                                                     \
	do {                                                                \
		const char *a_ = (a), *b_ = (b);                            \
		if (!test_check(a_ && b_ && strcmp(a_, b_) == 0,            \
			#a " is " #b, __FILE__, __LINE__))                  \
			printf("    got \"%s\"\n   want \"%s\"\n",          \
			    a_ ? a_ : "(null)", b_ ? b_ : "(null)");        \
	} while (0)

#endif
