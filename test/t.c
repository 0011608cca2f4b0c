// SPDX-License-Identifier: MIT
/* Runs every TEST, or those whose name holds the word given. */
#include "test/t.h"

static struct test *tests;
static bool failed_now;
static const char *skipped_now;

void
test_add(struct test *t)
{
	struct test **at = &tests;

	while (*at)
		at = &(*at)->next;
	*at = t;
}

bool
test_check(bool ok, const char *what, const char *file, int line)
{
	if (!ok) {
		printf("  %s:%d: not true: %s\n", file, line, what);
		failed_now = true;
	}
	return ok;
}

void
test_skip(const char *why)
{
	skipped_now = why;
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0, skipped = 0;
	struct test *t;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (t = tests; t; t = t->next) {
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		failed_now = false;
		skipped_now = NULL;
		t->run();
		if (failed_now) {
			failed++;
			printf("FAIL %s: %s\n", t->file, t->name);
		} else if (skipped_now) {
			skipped++;
			printf("skip %s: %s\n", t->name, skipped_now);
		} else {
			passed++;
		}
	}
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed || passed == 0;
}
