// SPDX-License-Identifier: MIT
#include "core/allow.h"

#include "core/err.h"
#include "core/ip_text.h"
#include "test/crypto/hex.h"
#include "test/t.h"

static void
ip_is(const char *text, const char *hex)
{
	uint8_t ip[16];
	size_t n = ip_text_read(ip, text, strlen(text));

	if (!CHECK(hex ? hex_is(ip, n, hex) : n == 0))
		printf("    %s\n", text);
}

TEST(ip_text_reads_addresses_strictly)
{
	ip_is("0.0.0.0", "00000000");
	ip_is("192.0.2.255", "c00002ff");
	ip_is("::", "00000000000000000000000000000000");
	ip_is("::1", "00000000000000000000000000000001");
	ip_is("1::", "00010000000000000000000000000000");
	ip_is("1:2:3:4:5:6:7:8", "00010002000300040005000600070008");
	ip_is("1:2:3:4:5:6:7::", "00010002000300040005000600070000");
	ip_is("::2:3:4:5:6:7:8", "00000002000300040005000600070008");
	ip_is("1::3:4:5:6:7:8", "00010000000300040005000600070008");
	ip_is("20ab::FeD:1", "20ab000000000000000000000fed0001");
	ip_is("::ffff:10.0.0.1", "00000000000000000000ffff0a000001");
	ip_is("1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304");
	ip_is("1::1.2.3.4", "00010000000000000000000001020304");
}

TEST(ip_text_takes_nothing_else_for_an_address)
{
	static const char *const bad[] = { "", ".", "1", "1.2.3", "1.2.3.",
		"1.2.3.4.", "1.2.3.4.5", ".1.2.3.4", "256.0.0.1", "01.2.3.4",
		"1.2.3.04", "1.2.3.0000", "1.2.3.4 ", " 1.2.3.4", "0x7f.0.0.1",
		"1.2.3.a", ":", ":::", "1:", ":1", "1::2::3", "::1::", "1:::2",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8",
		"12345::", "g::", "::1%lo", "[::1]", "1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3", "::1.2.3.4:5", "::1.2.3.4.", "1.2.3.4::",
		"::01.2.3.4" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ip_is(bad[i], NULL);
}

/* may: "host port" with an address in hex if it is known. */
static bool
may(const char *list, const char *host, const char *hex, int port)
{
	struct buf why = { 0 };
	struct allow a;
	uint8_t ip[16];
	size_t n = hex ? hex_read(ip, hex) : 0;
	bool yes;

	if (!CHECK(allow_parse(&a, list, &why) == 0)) {
		printf("    %s\n", buf_text(&why));
		buf_free(&why);
		return false;
	}
	yes = allow_check(&a, host, hex ? ip : NULL, n, port);
	allow_release(&a);
	return yes;
}

#define V6_LOOP	 "00000000000000000000000000000001"
#define V6_ZERO	 "00000000000000000000000000000000"
#define MAPPED	 "00000000000000000000ffff"

TEST(allow_ports_alone_are_about_this_machine)
{
	CHECK(may("22", "127.0.0.1", NULL, 22));
	CHECK(may("22", "127.9.9.9", NULL, 22));
	CHECK(may("22", "::1", NULL, 22));
	CHECK(may("22", "::ffff:127.0.0.1", NULL, 22));
	CHECK(may("22", "localhost", NULL, 22));
	CHECK(may("22", "LocalHost.", NULL, 22));
	CHECK(may("22", "some.name", "7f000001", 22));
	CHECK(!may("22", "127.0.0.1", NULL, 23));
	CHECK(!may("22", "10.0.0.1", NULL, 22));
	CHECK(!may("22", "localhost", "0a000001", 22));
	CHECK(!may("22", "localhost.evil", NULL, 22));
	CHECK(!may("22", "some.name", NULL, 22));
	CHECK(!may("22", "::2", NULL, 22));
	CHECK(!may("22", "128.0.0.1", NULL, 22));
	CHECK(!may("22", "126.255.255.255", NULL, 22));
	/* also beside other items */
	CHECK(!may("22,10.0.0.0/8:80", "10.0.0.1", NULL, 22));
	CHECK(may("8000-8100", "::1", NULL, 8000));
	CHECK(may("8000-8100", "::1", NULL, 8100));
	CHECK(!may("8000-8100", "::1", NULL, 7999));
	CHECK(!may("8000-8100", "::1", NULL, 8101));
	CHECK(!may("1-65535", "::1", NULL, 0));
	CHECK(!may("1-65535", "::1", NULL, 65536));
	CHECK(!may("1-65535", "::1", NULL, -1));
}

TEST(allow_never_the_address_that_is_none)
{
	CHECK(!may("22,0.0.0.0/0,::/0", "0.0.0.0", NULL, 22));
	CHECK(!may("22,0.0.0.0/0,::/0", "::", NULL, 22));
	CHECK(!may("22,0.0.0.0/0,::/0", "::ffff:0.0.0.0", NULL, 22));
	CHECK(!may("22,0.0.0.0/0,::/0,x", "x", "00000000", 22));
	CHECK(!may("22,0.0.0.0/0,::/0,x", "x", V6_ZERO, 22));
	CHECK(!may("22,0.0.0.0/0,::/0,x", "x", MAPPED "00000000", 22));
	CHECK(!may("22", "0", NULL, 22) && !may("22", "", NULL, 22));
}

TEST(allow_nets_match_by_their_bits)
{
	CHECK(may("10.0.0.0/8:22", "10.255.0.1", NULL, 22));
	CHECK(!may("10.0.0.0/8:22", "11.0.0.0", NULL, 22));
	CHECK(!may("10.0.0.0/8:22", "10.0.0.1", NULL, 80));
	CHECK(may("10.0.0.0/8:22", "db.internal", "0a010203", 22));
	CHECK(!may("10.0.0.0/8:22", "db.internal", NULL, 22));
	CHECK(may("10.0.0.0/8", "::ffff:10.1.1.1", NULL, 1));
	CHECK(may("10.0.0.0/8", "x", MAPPED "0a000001", 1));
	CHECK(may("[::ffff:10.0.0.0]/104", "10.1.1.1", NULL, 1));
	/* the address is what counts, not the text */
	CHECK(!may("10.0.0.0/8", "10.0.0.1", "7f000001", 1));
	CHECK(may("172.16.0.0/12", "172.31.255.255", NULL, 1));
	CHECK(!may("172.16.0.0/12", "172.32.0.0", NULL, 1));
	CHECK(may("0.0.0.0/0", "8.8.8.8", NULL, 1));
	CHECK(!may("0.0.0.0/0", "::1", NULL, 1));
	CHECK(!may("::/0", "10.0.0.1", NULL, 1));
	CHECK(may("[fd00::]/8", "fd12::1", NULL, 1));
	CHECK(may("fd00::/8", "fd12::1", NULL, 1));
	CHECK(may("[fd00::]/8:53", "fd12::1", NULL, 53));
	CHECK(!may("[fd00::]/8:53", "fe12::1", NULL, 53));
	CHECK(may("192.0.2.1", "192.0.2.1", NULL, 1));
	CHECK(!may("192.0.2.1", "192.0.2.2", NULL, 1));
	CHECK(may("fd00::1", "FD00:0::1", NULL, 1));
	CHECK(may("[fd00::1]:22", "fd00::1", NULL, 22));
	CHECK(may("[::1]", "x", V6_LOOP, 1));
	/* texts that some resolvers take for 127.0.0.1 */
	CHECK(!may("127.0.0.0/8", "127.1", NULL, 1));
	CHECK(!may("127.0.0.0/8", "0177.0.0.1", NULL, 1));
	CHECK(!may("127.0.0.0/8", "2130706433", NULL, 1));
	CHECK(!may("[::1]", "::1%lo", NULL, 1));
}

TEST(allow_names_match_in_any_case_and_with_a_dot)
{
	CHECK(may("db.internal:5432", "db.internal", NULL, 5432));
	CHECK(may("DB.internal.:5432", "db.INTERNAL.", NULL, 5432));
	CHECK(may("db.internal", "db.internal", "08080808", 1));
	CHECK(!may("db.internal:5432", "db.internal", NULL, 5433));
	CHECK(!may("db.internal", "db.internal..", NULL, 1));
	CHECK(!may("db.internal", "xdb.internal", NULL, 1));
	CHECK(!may("db.internal", "db.internal.x", NULL, 1));
	CHECK(!may("db.internal", "db", NULL, 1));
	CHECK(may(" a_b-1 ,\tx9 ", "x9", NULL, 1));
	CHECK(may(" a_b-1:1-2 ,\tx9 ", "A_b-1", NULL, 2));
}

static void
refuses(const char *text, const char *want)
{
	struct buf why = { 0 };
	struct allow a;

	CHECK(allow_parse(&a, text, &why) == ERR_PROTO);
	CHECK(!a.v && a.n == 0);
	CHECK(!allow_check(&a, "127.0.0.1", NULL, 0, 22));
	CHECK_STR(buf_text(&why), want);
	buf_free(&why);
}

TEST(allow_says_which_item_is_wrong)
{
#define PORTS "ports are numbers from 1 to 65535, as 22 or 8000-8100"
#define NEITHER "neither ports, nor an address, nor a name"
	refuses("", "'': an item is empty");
	refuses("22,", "'': an item is empty");
	refuses("22, ,23", "'': an item is empty");
	refuses("0", "'0': " PORTS);
	refuses("22, 65536", "'65536': " PORTS);
	refuses("1-65536", "'1-65536': " PORTS);
	refuses("99999999999", "'99999999999': " PORTS);
	refuses("-5", "'-5': " PORTS);
	refuses("5-", "'5-': " PORTS);
	refuses("1-2-3", "'1-2-3': " PORTS);
	refuses("9-8", "'9-8': the range of ports is upside down");
	refuses("db:", "'db:': " PORTS);
	refuses("db:x", "'db:x': " PORTS);
	refuses("10.0.0.0/33",
	    "'10.0.0.0/33': the prefix is no number from 0 to 32");
	refuses("10.0.0.0/",
	    "'10.0.0.0/': the prefix is no number from 0 to 32");
	refuses("[fd00::]/129",
	    "'[fd00::]/129': the prefix is no number from 0 to 128");
	refuses("10.0.0.1/8",
	    "'10.0.0.1/8': the address has bits behind its prefix");
	refuses("[::ffff:0.0.0.0]/95",
	    "'[::ffff:0.0.0.0]/95': write IPv4 nets as IPv4");
	refuses("0.0.0.0", "'0.0.0.0': nothing can be reached at that address");
	refuses("[::]:22", "'[::]:22': nothing can be reached at that address");
	refuses("[10.0.0.1]",
	    "'[10.0.0.1]': no IPv6 address between brackets");
	refuses("[::1", "'[::1': no IPv6 address between brackets");
	refuses("fd00::1:2:3:4:5:6:7:22", "'fd00::1:2:3:4:5:6:7:22': no "
	    "address; IPv6 with a port is written [fd00::1]:22");
	refuses("[::1]22", "'[::1]22': only a port may follow, behind a colon");
	refuses("db/8", "'db/8': only a port may follow, behind a colon");
	refuses("10.0.0", "'10.0.0': " NEITHER);
	refuses("1.2.3.4.5", "'1.2.3.4.5': " NEITHER);
	refuses("a.1:22", "'a.1:22': " NEITHER);
	refuses("*.x", "'*.x': " NEITHER);
	refuses("a b", "'a b': " NEITHER);
	refuses(".", "'.': " NEITHER);
	refuses("a..", "'a..': " NEITHER);
	refuses("a..b", "'a..b': " NEITHER);
	refuses(":22", "':22': " NEITHER);
	refuses("/8", "'/8': " NEITHER);
}

TEST(allow_of_ports_alone_takes_nothing_else)
{
	struct buf why = { 0 };
	struct allow a;

	CHECK(allow_parse_here(&a, "22, 8000-8001", &why) == 0);
	CHECK(allow_check(&a, "localhost", NULL, 0, 8001));
	CHECK(!allow_check(&a, "localhost", NULL, 0, 8002));
	allow_release(&a);
	CHECK(allow_parse_here(&a, "22,db:5432", &why) < 0 && a.n == 0);
	CHECK_STR(buf_text(&why), "'22,db:5432': only ports of this host "
	    "itself, as in 40000-40100,6006");
	buf_free(&why);
	CHECK(allow_parse_here(&a, "22,", &why) < 0 && a.n == 0);
	CHECK_STR(buf_text(&why), "'': an item is empty");
	buf_free(&why);
}
