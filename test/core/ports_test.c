// SPDX-License-Identifier: MIT
#include "core/ports.h"

#include <limits.h>

#include "test/t.h"

#define DAY_MS (24ull * 3600 * 1000)

static struct ports *
make(const struct port_range *v, size_t n)
{
	struct port_range copy[8];
	struct ranges r = { copy, n };
	struct ports *p;

	if (n)
		memcpy(copy, v, n * sizeof(*v));
	p = ports_new(&r, 7);
	memset(copy, 0xff, sizeof(copy)); /* it keeps its own */
	return p;
}
#define MAKE(...)                                              \
	make((struct port_range[]){ __VA_ARGS__ },             \
	    sizeof((struct port_range[]){ __VA_ARGS__ }) /     \
		sizeof(struct port_range))

static char me, you;

/* Walks all ports that are offered: how many, each once, all free; the first
 * in *first. */
static size_t
walk(struct ports *p, const char *name, uint64_t now, uint32_t dice,
    int *first)
{
	static bool seen[65536];
	uint32_t at = 0;
	size_t n = 0;
	int port;

	memset(seen, 0, sizeof(seen));
	*first = 0;
	while ((port = ports_next(p, name, now, dice, &at)) != 0 &&
	    n < 100000) {
		if (!ports_allowed(p, port) || ports_owner(p, port) ||
		    seen[port]) {
			CHECK(!"a port that must not be offered");
			break;
		}
		seen[port] = true;
		if (n++ == 0)
			*first = port;
	}
	CHECK(ports_next(p, name, now, dice, &at) == 0);
	return n;
}

TEST(ports_without_ranges_are_all_but_zero)
{
	struct ports *p = make(NULL, 0);

	CHECK(!ports_allowed(p, 0) && !ports_allowed(p, -1));
	CHECK(ports_allowed(p, 1) && ports_allowed(p, 65535));
	CHECK(!ports_allowed(p, 65536) && !ports_allowed(p, INT_MAX));
	CHECK(ports_total(p) == 65535 && ports_used(p) == 0);
	ports_free(p);
	ports_free(NULL);
}

TEST(ports_ranges_have_both_their_ends)
{
	struct ports *p = MAKE({ 1000, 1002 }, { 65535, 65535 }, { 7, 7 });
	int port, n = 0;

	for (port = -10; port < 70000; port++)
		n += ports_allowed(p, port);
	CHECK(n == 5 && ports_total(p) == 5);
	CHECK(ports_allowed(p, 1000) && ports_allowed(p, 1002) &&
	    ports_allowed(p, 65535) && ports_allowed(p, 7));
	ports_free(p);
}

TEST(ports_ranges_that_overlap_or_are_none_count_once_or_not)
{
	struct ports *p = MAKE({ 10, 20 }, { 15, 25 }, { 12, 13 }, { 30, 29 },
	    { -5, 2 }, { 65534, INT_MAX }, { INT_MIN, INT_MIN }, { 26, 26 });
	int first;

	CHECK(ports_total(p) == 17 + 2 + 2);
	CHECK(ports_allowed(p, 1) && ports_allowed(p, 25) &&
	    ports_allowed(p, 26) && !ports_allowed(p, 27) &&
	    !ports_allowed(p, 30) && ports_allowed(p, 65535));
	CHECK(walk(p, "x", 0, 12345, &first) == 21);
	ports_free(p);
}

TEST(ports_can_be_none_at_all)
{
	struct ports *p = MAKE({ 5, 4 }, { 0, 0 }, { 65536, 70000 });
	uint32_t at = 0;

	CHECK(ports_total(p) == 0);
	CHECK(ports_next(p, "x", 0, 99, &at) == 0);
	CHECK(ports_next(p, "x", 0, 99, &at) == 0);
	ports_free(p);
}

TEST(ports_all_of_the_widest_range)
{
	struct ports *p = MAKE({ INT_MIN, INT_MAX });
	int first;

	CHECK(ports_total(p) == 65535);
	CHECK(walk(p, "x", 0, UINT32_MAX, &first) == 65535);
	ports_free(p);
}

TEST(ports_are_taken_and_given_back)
{
	struct ports *p = MAKE({ 100, 101 });

	CHECK(ports_owner(p, 100) == NULL);
	ports_take(p, 100, "a", &me);
	ports_take(p, 65535, "b", &you); /* what is bound is the net's matter */
	CHECK(ports_owner(p, 100) == &me && ports_owner(p, 65535) == &you);
	CHECK(ports_owner(p, 101) == NULL);
	CHECK(ports_owner(p, -1) == NULL && ports_owner(p, 0) == NULL &&
	    ports_owner(p, 65536) == NULL);
	CHECK(ports_used(p) == 1); /* of the allowed ones */
	ports_give(p, 101, 0); /* nobody's */
	CHECK(ports_used(p) == 1);
	ports_give(p, 100, 0);
	ports_give(p, 100, 0);
	CHECK(ports_owner(p, 100) == NULL && ports_used(p) == 0);
	ports_free(p); /* with one still taken */
}

TEST(ports_next_offers_each_free_port_once_from_any_place)
{
	struct ports *p = MAKE({ 10, 14 }, { 40, 44 }, { 65531, 65535 });
	uint32_t dice;
	int first;

	ports_take(p, 12, "a", &me);
	ports_take(p, 65535, "b", &me);
	for (dice = 0; dice < 40; dice++)
		CHECK(walk(p, "x", 0, dice, &first) == 13);
	CHECK(walk(p, "x", 0, UINT32_MAX, &first) == 13);
	CHECK(walk(p, "x", 0, 0, &first) == 13 && first == 10);
	CHECK(walk(p, "x", 0, 5, &first) == 13 && first == 40);
	CHECK(walk(p, "x", 0, 14, &first) == 13 && first == 10);
	ports_free(p);
}

TEST(ports_next_ends_when_all_are_taken)
{
	struct ports *p = MAKE({ 10, 12 });
	uint32_t at = 0;
	int port, n = 0;

	while ((port = ports_next(p, "x", 0, 1, &at)) != 0) {
		char name[] = "a";

		name[0] = (char)('a' + n++);
		ports_take(p, port, name, &me);
	}
	CHECK(n == 3 && ports_used(p) == 3);
	at = 0;
	CHECK(ports_next(p, "a", 0, 1, &at) == 0);
	ports_free(p);
}

TEST(ports_remember_a_name_for_just_under_a_day)
{
	struct ports *p = MAKE({ 1, 1000 });
	int first;

	ports_take(p, 777, "ssh", &me);
	CHECK(walk(p, "ssh", 0, 0, &first) == 999 && first == 1);
	ports_give(p, 777, 5000);
	CHECK(walk(p, "ssh", 5000, 0, &first) == 1000 && first == 777);
	CHECK(walk(p, "ssh", 5000 + DAY_MS - 1, 0, &first) == 1000 &&
	    first == 777);
	CHECK(walk(p, "ssh", 5000 + DAY_MS, 0, &first) == 1000 && first == 1);
	CHECK(walk(p, "other", 5000, 0, &first) == 1000 && first == 1);
	ports_take(p, 777, "thief", &you);
	CHECK(walk(p, "ssh", 5000, 0, &first) == 999 && first == 1);
	ports_give(p, 777, 6000);
	CHECK(walk(p, "ssh", 6000, 0, &first) == 1000 && first == 777);
	ports_take(p, 5, "ssh", &me); /* the newer one counts */
	ports_give(p, 5, 7000);
	CHECK(walk(p, "ssh", 7000, 0, &first) == 1000 && first == 5);
	ports_free(p);
}

TEST(ports_remember_nothing_that_is_not_allowed)
{
	struct ports *p = MAKE({ 10, 20 });
	int first;

	ports_take(p, 9000, "a", &me);
	ports_give(p, 9000, 0);
	CHECK(walk(p, "a", 1, 0, &first) == 11 && first == 10);
	ports_free(p);
}

TEST(ports_of_one_name_taken_twice_are_given_one_by_one)
{
	struct ports *p = MAKE({ 10, 20 });
	int first;

	ports_take(p, 10, "a", &me);
	ports_take(p, 11, "a", &me);
	ports_give(p, 10, 0);
	CHECK(walk(p, "a", 1, 0, &first) == 10 && first == 10);
	ports_give(p, 11, 0);
	CHECK(walk(p, "a", 1, 0, &first) == 11 && first == 11);
	ports_free(p);
}

static void
pass_by(struct ports *p, int i, uint64_t now)
{
	char name[32];

	snprintf(name, sizeof(name), "guest%d", i);
	ports_take(p, 500, name, &me);
	ports_give(p, 500, now);
}

/* 65536 names are remembered; one more, and the older half is gone. */
TEST(ports_forget_the_older_half_when_there_are_too_many_names)
{
	struct ports *p = MAKE({ 1, 1000 });
	char name[32];
	int i, first;

	ports_take(p, 700, "in use", &me);
	ports_take(p, 600, "old", &me);
	ports_give(p, 600, 1);
	for (i = 0; i < 65536 - 2; i++)
		pass_by(p, i, (uint64_t)i + 2);
	CHECK(walk(p, "old", 70000, 0, &first) == 999 && first == 600);
	pass_by(p, i, 70000);
	CHECK(walk(p, "old", 70000, 0, &first) == 999 && first == 1);
	CHECK(walk(p, "guest65534", 70000, 0, &first) == 999 && first == 500);
	/* of the 65536 idle ones 32768 went: "old" and guest 0 to 32766 */
	snprintf(name, sizeof(name), "guest%d", 32766);
	CHECK(walk(p, name, 70000, 0, &first) == 999 && first == 1);
	snprintf(name, sizeof(name), "guest%d", 32767);
	CHECK(walk(p, name, 70000, 0, &first) == 999 && first == 500);
	ports_give(p, 700, 70000);
	CHECK(walk(p, "in use", 70000, 0, &first) == 1000 && first == 700);
	ports_free(p);
}

TEST(ports_text_is_what_was_written)
{
	struct ports *p = MAKE({ 10000, 10002 }, { 10005, 10005 }, { 7, 9 });
	char text[100];

	ports_text(p, text, sizeof(text));
	CHECK_STR(text, "10000-10002,10005,7-9");
	ports_free(p);
	p = make(NULL, 0);
	ports_text(p, text, sizeof(text));
	CHECK_STR(text, "1-65535");
	ports_free(p);
}

TEST(ports_text_is_cut_between_ranges)
{
	static const char end[] = "…";
	struct port_range v[200];
	struct ranges r = { v, 200 };
	char text[400];
	struct ports *p;
	size_t n, i;

	for (i = 0; i < 200; i++) /* the longest that an int can be */
		v[i] = i % 2 ? (struct port_range){ INT_MIN, INT_MIN + 1 } :
			       (struct port_range){ 20000, 20001 };
	p = ports_new(&r, 0);
	for (n = 5; n < sizeof(text); n++) {
		memset(text, 'x', sizeof(text));
		ports_text(p, text, n);
		i = strlen(text);
		CHECK(i < n && i >= sizeof(end) - 1);
		CHECK_STR(text + i - (sizeof(end) - 1), end);
		CHECK(text[0] != ',');
	}
	ports_free(p);
}

TEST(ports_that_may_be_any_are_picked_where_nobody_expects_a_service)
{
	struct ranges all = { 0 };
	struct ports *p = ports_new(&all, 1);
	uint32_t dice, at;

	for (dice = 0; dice < 100000; dice += 7) {
		at = 0;
		CHECK(ports_next(p, "x", 0, dice, &at) >= 32768);
		at = 0;
		CHECK(ports_next(p, "x", 0, dice, &at) < 61000);
	}
	ports_free(p);
}

static const struct port_range low[] = { { 10, 20 } }, high[] = { { 15, 15 },
	{ 40, 44 } };

static bool
allow(struct ports *p, const struct port_range *v, size_t n)
{
	struct port_range copy[8];
	struct ranges r = { copy, n };
	bool changed;

	if (n)
		memcpy(copy, v, n * sizeof(*v));
	changed = ports_allow(p, &r);
	memset(copy, 0xff, sizeof(copy)); /* it keeps its own */
	return changed;
}

TEST(ports_allowed_may_shrink_and_grow)
{
	struct ports *p = make(low, 1);
	char text[100];
	int first;

	CHECK(!allow(p, low, 1));
	CHECK(allow(p, high, 2) && !allow(p, high, 2));
	CHECK(!ports_allowed(p, 10) && ports_allowed(p, 15) &&
	    ports_allowed(p, 44) && ports_total(p) == 6);
	ports_text(p, text, sizeof(text));
	CHECK_STR(text, "15,40-44");
	CHECK(walk(p, "x", 0, 0, &first) == 6 && first == 15);
	CHECK(allow(p, low, 1) && ports_total(p) == 11);
	CHECK(walk(p, "x", 0, 3, &first) == 11 && first == 13);
	ports_free(p);
}

TEST(ports_allowed_that_become_none_are_all)
{
	struct ports *p = make(low, 1);
	char text[100];

	CHECK(allow(p, NULL, 0) && !allow(p, NULL, 0));
	CHECK(ports_total(p) == 65535 && ports_allowed(p, 65535));
	ports_text(p, text, sizeof(text));
	CHECK_STR(text, "1-65535");
	CHECK(allow(p, (struct port_range[]){ { 0, 0 } }, 1));
	CHECK(ports_total(p) == 0 && !ports_allowed(p, 1));
	ports_free(p);
}

TEST(ports_not_allowed_any_more_stay_with_who_holds_them)
{
	struct ports *p = make(low, 1);
	int first;

	ports_take(p, 10, "a", &me);
	ports_take(p, 15, "b", &you);
	CHECK(ports_used(p) == 2);
	allow(p, high, 2);
	CHECK(ports_owner(p, 10) == &me && ports_owner(p, 15) == &you);
	CHECK(ports_used(p) == 1); /* of the 6 that there are */
	CHECK(walk(p, "x", 0, 0, &first) == 5 && first == 40);
	ports_give(p, 10, 0);
	ports_give(p, 15, 0);
	CHECK(!ports_owner(p, 10) && ports_used(p) == 0);
	/* what is remembered counts where it is allowed */
	CHECK(walk(p, "a", 1, 1, &first) == 6 && first == 40);
	CHECK(walk(p, "b", 1, 1, &first) == 6 && first == 15);
	allow(p, low, 1);
	CHECK(walk(p, "a", 1, 1, &first) == 11 && first == 10);
	ports_free(p);
}
