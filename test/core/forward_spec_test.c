// SPDX-License-Identifier: MIT
#include "core/forward_spec.h"

#include "test/t.h"

static enum forward_kind
kind_of(char letter)
{
	return letter == 'L' ? FORWARD_LOCAL : letter == 'D' ?
	    FORWARD_DYNAMIC : FORWARD_REMOTE;
}

/* "L 8000": what comes of it, as "127.0.0.1:8000 > localhost:8000, ...". */
static void
is(const char *text, const char *want)
{
	struct forward_specs s = { 0 };
	struct buf why = { 0 }, got = { 0 };
	size_t i;

	if (forward_specs_add(&s, kind_of(*text), text + 2, &why) < 0)
		buf_puts(&got, buf_text(&why));
	for (i = 0; i < s.n; i++) {
		buf_puts(&got, i ? ", " : "");
		forward_put_local(&got, &s.v[i]);
		buf_puts(&got, " > ");
		forward_put_target(&got, &s.v[i]);
		CHECK(s.v[i].kind == kind_of(*text));
	}
	CHECK_STR(buf_text(&got), want);
	buf_free(&got);
	buf_free(&why);
	forward_specs_release(&s);
}

/* Refused, and what stands in the reason; nothing is appended. */
static void
no(const char *text, const char *reason)
{
	struct forward_specs s = { 0 };
	struct buf why = { 0 };

	if (!CHECK(forward_specs_add(&s, kind_of(*text), text + 2, &why) < 0 &&
	    s.n == 0 && strstr(buf_text(&why), reason)))
		printf("    %s: \"%s\"\n", text, buf_text(&why));
	buf_free(&why);
	forward_specs_release(&s);
}

static void
is_taken(const char *text)
{
	struct forward_specs s = { 0 };
	struct buf why = { 0 };

	CHECK(forward_specs_add(&s, kind_of(*text), text + 2, &why) == 0);
	CHECK(s.n == 1 && buf_len(&why) == 0);
	forward_specs_release(&s);
}

TEST(forward_spec_reads_local_ones)
{
	is("L 8000", "127.0.0.1:8000 > localhost:8000");
	is("L localhost:8000", "127.0.0.1:8000 > localhost:8000");
	is("L 1:db.internal:65535", "127.0.0.1:1 > db.internal:65535");
	is("L 127.0.0.2:80:10.0.0.1:81", "127.0.0.2:80 > 10.0.0.1:81");
	is("L [::1]:80:[fd00::2]:81", "[::1]:80 > [fd00::2]:81");
	is("L *:80", "*:80 > localhost:80");
	is("L [::]:80", "[::]:80 > localhost:80");
	is("L 0:h:5", "127.0.0.1:0 > h:5");
	is("L 5353:localhost:53/udp",
	    "127.0.0.1:5353/udp > localhost:53/udp");
	is("L 53/udp", "127.0.0.1:53/udp > localhost:53/udp");
}

TEST(forward_spec_counts_ranges_out)
{
	is("L 8000-8001", "127.0.0.1:8000 > localhost:8000, "
	    "127.0.0.1:8001 > localhost:8001");
	is("L *:8-9:h:18-19", "*:8 > h:18, *:9 > h:19");
	is("L 7-7:h:9", "127.0.0.1:7 > h:9");
	is("D 1-2", "127.0.0.1:1 > SOCKS5, 127.0.0.1:2 > SOCKS5");
	no("L 8-9:h:18", "the two ranges are of different lengths");
	no("L 8-9:h:18-20", "the two ranges are of different lengths");
	no("L 9-8", "'9-8' is a range that is upside down");
	no("L 1-1025", "more than 1024 forwards");
	no("L 0-3", "'0-3' is no port");
}

TEST(forward_spec_reads_dynamic_and_remote_ones)
{
	is("D 1080", "127.0.0.1:1080 > SOCKS5");
	is("D [::1]:1080", "[::1]:1080 > SOCKS5");
	is("D 0", "127.0.0.1:0 > SOCKS5");
	is("R 6000:localhost:22", "6000 > localhost:22");
	is("R 0:localhost:22", "0 > localhost:22");
	is("R *:6000:[::1]:22", "*:6000 > [::1]:22");
	is("R gpu.example:6000:h:22", "gpu.example:6000 > h:22");
	is("R public:6000:localhost:22", "public:6000 > localhost:22");
	is("R public:0:[::1]:22", "public:0 > [::1]:22");
	is("R public:8-9:h:22-23", "public:8 > h:22, public:9 > h:23");
	no("R public:*:6000:h:22", "'*' is not needed: on which address a "
	    "bastion listens is its own affair");
	no("R public:localhost:6000:h:22", "'localhost' is not needed");
	no("R public:6000", "or public:PORT:HOST:PORT");
	no("L public:6000:h:22", "'public' is no address of this host");
	no("D 1080:h:1", "it is [ADDRESS:]PORT");
	no("D 1080/udp", "datagrams go through -L only");
	no("R 6000", "it is [ADDRESS:]PORT:HOST:PORT");
	no("R h:6000", "it is [ADDRESS:]PORT:HOST:PORT");
	no("R 6000:h:22/udp", "datagrams go through -L only");
}

TEST(forward_spec_names_what_is_wrong)
{
	no("L ", "'' is no port");
	no("L 0", "where does it lead? As in 0:localhost:8000");
	no("L 65536", "'65536': '65536' is no port: a number from 1 to 65535");
	no("L 70000:h:1", "'70000:h:1': '70000' is no port");
	no("L 1:h:0", "'0' is no port");
	no("L 1:h:65536", "'65536' is no port");
	no("L 99999999999999999999", "is no port");
	no("L -1", "is no port");
	no("L +1", "is no port");
	no("L 1 ", "'1 ' is no port");
	no("L 0x50", "is no port");
	no("L 1-", "is no port");
	no("L 1-2-3", "is no port");
	no("L [::1]", "is no port");
	no("L 8000:9000", "another port there is named as in "
	    "8000:localhost:9000");
	no("L host:80", "'host' is no address of this host");
	no("L 1.2.3:80:h:1", "'1.2.3' is no address of this host");
	no("L :80", "an address is missing");
	no("L []:80", "'' is no address of IPv6");
	no("L [::g]:80", "'::g' is no address of IPv6");
	no("L [::1]x:80", "stands between [ and ]");
	no("L [::1:80", "stands between [ and ]");
	no("L [1.2.3.4]:80", "is no address of IPv6");
	no("L ::1:80:h:1", "it is [ADDRESS:]PORT");
	no("L 1:h:1:", "'h' is no port");
	no("L 1::2", "'' is no host");
	no("L 1:-oProxyCommand=x:2", "is no host");
	no("L 1:a b:2", "'a b' is no host");
	no("L 1:[h]:2", "'h' is no address of IPv6");
	no("L 1:h\n:2", "is no host");
	no("L 1:h:2/tcp", "only /udp may stand at its end");
	no("L 1/udp:h:2", "only /udp may stand at its end");
}

TEST(forward_spec_bounds_names)
{
	char text[300] = "L 1:";

	memset(text + 4, 'a', 254);
	strcpy(text + 4 + 254, ":2");
	no(text, "is no host");
	text[4 + 253] = '\0';
	strcat(text, ":2");
	is_taken(text);
	memset(text + 2, '1', 297);
	no(text, "is no port");
}

/* The second of them, after the first: is it taken? */
static bool
both(const char *first, const char *second)
{
	struct forward_specs s = { 0 };
	struct buf why = { 0 };
	bool good;
	size_t n;

	CHECK(forward_specs_add(&s, kind_of(*first), first + 2, &why) == 0);
	n = s.n;
	good = forward_specs_add(&s, kind_of(*second), second + 2, &why) == 0;
	CHECK(good || (s.n == n && strstr(buf_text(&why), "is given twice")));
	CHECK(!good || s.n > n);
	buf_free(&why);
	forward_specs_release(&s);
	return good;
}

TEST(forward_spec_refuses_a_port_that_is_given_twice)
{
	CHECK(!both("L 8000", "L 8000:h:1"));
	CHECK(!both("L 8000", "L localhost:8000"));
	CHECK(!both("L 8000-8010", "D 8005"));
	CHECK(!both("D 8005", "L 8000-8010"));
	CHECK(!both("L [::1]:80", "L [::1]:80:h:1"));
	CHECK(!both("R 80:h:1", "R 80:h:2"));
	CHECK(both("L 8000", "L 8000/udp"));
	CHECK(both("L 8000", "L 127.0.0.2:8000"));
	CHECK(!both("R public:80:h:1", "R public:80:h:2"));
	CHECK(both("R public:80:h:1", "R 80:h:1"));
	CHECK(both("L 8000", "R 8000:h:1"));
	CHECK(both("L 0:h:1", "L 0:h:1"));
	CHECK(both("R 0:h:1", "R 0:h:1"));
}

TEST(forward_spec_counts_them_all)
{
	struct forward_specs s = { 0 };
	struct buf why = { 0 };

	CHECK(forward_specs_add(&s, FORWARD_LOCAL, "1-1023", &why) == 0);
	CHECK(forward_specs_add(&s, FORWARD_LOCAL, "2000-2001", &why) < 0);
	CHECK(s.n == 1023);
	CHECK(forward_specs_add(&s, FORWARD_DYNAMIC, "2000", &why) == 0);
	CHECK(forward_specs_add(&s, FORWARD_REMOTE, "1:h:1", &why) < 0);
	CHECK(s.n == FORWARDS_MAX);
	forward_specs_release(&s);
	buf_free(&why);
}
