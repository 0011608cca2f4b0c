// SPDX-License-Identifier: MIT
#include "core/probe.h"

#include "core/err.h"
#include "test/t.h"

/* What a line becomes that comes in two pieces. */
static int
asked(const char *text, size_t cut, enum probe_want *want, size_t *left)
{
	struct probe_line l = { 0 };
	const uint8_t *p = (const uint8_t *)text;
	size_t n = cut, all = strlen(text);
	int r = probe_asked(&l, &p, &n, want);

	if (r == 0) {
		CHECK(n == 0);
		n = all - cut;
		r = probe_asked(&l, &p, &n, want);
	} else {
		n += all - cut;
	}
	*left = n;
	return r;
}

TEST(probe_knows_what_is_asked_at_every_split)
{
	static const char *const lines[] = { "culvert-bench 1 echo\nx",
		"culvert-bench 1 source\nx", "culvert-bench 1 sink\nx" };
	enum probe_want want;
	size_t cut, left;
	int i;

	for (i = 0; i < PROBE_WANTS; i++) {
		CHECK(strncmp(lines[i], probe_ask((enum probe_want)i),
		    strlen(probe_ask((enum probe_want)i))) == 0);
		for (cut = 0; cut <= strlen(lines[i]); cut++) {
			want = PROBE_WANTS;
			CHECK(asked(lines[i], cut, &want, &left) == 1);
			CHECK((int)want == i && left == 1);
		}
	}
}

TEST(probe_refuses_a_wrong_line_at_its_first_wrong_byte)
{
	static const char *const wrong[] = { "GET / HTTP/1.1\r\n", "\n",
		"culvert-bench 2 echo\n", "culvert-bench 1 echoes\n",
		"culvert-bench 1 sinking and more and more and more\n" };
	enum probe_want want;
	size_t i, left;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(asked(wrong[i], strlen(wrong[i]), &want, &left) ==
		    ERR_PROTO);
	CHECK(asked("culvert-bench 1 ech", 5, &want, &left) == 0);
}

TEST(probe_greets_once_and_leaves_what_follows)
{
	const uint8_t text[] = PROBE_HELLO "abc", *p = text;
	struct probe_line l = { 0 };
	size_t n = sizeof(text) - 1;

	CHECK(probe_greeted(&l, &p, &n) == 1);
	CHECK(n == 3 && *p == 'a');
	l = (struct probe_line){ 0 };
	CHECK(probe_greeted(&l, &p, &n) == ERR_PROTO);
}

TEST(probe_reports_are_the_same_at_every_split)
{
	struct probe_report a = { 5, 7 }, b = { 1ull << 40, 1ull << 33 };
	uint8_t wire[2 * PROBE_REPORT];
	size_t cut;

	probe_put_report(wire, &a);
	probe_put_report(wire + PROBE_REPORT, &b);
	for (cut = 0; cut <= sizeof(wire); cut++) {
		struct probe_reports r = { 0 };

		CHECK(probe_feed_reports(&r, wire, cut) == 0);
		CHECK(r.last.bytes == (cut < 16 ? 0 : cut < 32 ? 5 :
		    b.bytes));
		CHECK(probe_feed_reports(&r, wire + cut,
		    sizeof(wire) - cut) == 0);
		CHECK(r.last.bytes == b.bytes && r.last.us == b.us);
	}
}

TEST(probe_reports_do_not_run_back)
{
	struct probe_report later = { 9, 9 }, fewer = { 8, 10 },
		sooner = { 10, 8 };
	struct probe_reports r = { 0 };
	uint8_t wire[PROBE_REPORT];

	probe_put_report(wire, &later);
	CHECK(probe_feed_reports(&r, wire, sizeof(wire)) == 0);
	probe_put_report(wire, &fewer);
	CHECK(probe_feed_reports(&r, wire, sizeof(wire)) == ERR_PROTO);
	probe_put_report(wire, &sooner);
	CHECK(probe_feed_reports(&r, wire, sizeof(wire)) == ERR_PROTO);
}

TEST(probe_parts_of_samples)
{
	uint32_t v[] = { 5, 1, 4, 2, 3 }, one[] = { 7 };

	CHECK(probe_part(v, 5, .5) == 3);
	CHECK(probe_part(v, 5, 0) == 1);
	CHECK(probe_part(v, 5, 1) == 5);
	CHECK(probe_part(one, 1, .99) == 7);
	CHECK(probe_part(one, 0, .5) == 0);
}
