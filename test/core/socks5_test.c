// SPDX-License-Identifier: MIT
#include "core/socks5.h"

#include "core/err.h"
#include "test/crypto/hex.h"
#include "test/t.h"

static bool
is_hex(struct buf *b, const char *hex)
{
	bool same = hex_is((uint8_t *)buf_text(b), buf_len(b), hex);

	buf_take(b, buf_len(b));
	return same;
}

/* All that a server makes of these bytes, in two pieces and in single ones. */
static void
serves(const char *user, const char *hex, int want, const char *said,
    size_t rest)
{
	uint8_t in[600];
	size_t n = hex_read(in, hex), cut, left, i;
	struct socks5_addr a;
	enum socks5_command c;
	int r;

	/* the last round is one byte at a time */
	for (cut = 0; cut <= n + 1; cut++) {
		struct buf out = { 0 };
		const uint8_t *p = in;
		struct socks5 s;

		socks5_server(&s, user, "secret");
		r = 0;
		for (i = cut > n ? 1 : cut; r == 0 && i <= n;
		    i = cut > n || i == n ? i + 1 : n) {
			left = i - (size_t)(p - in);
			r = socks5_request(&s, &p, &left, &out, &c, &a);
		}
		CHECK(r == want);
		left = n - (size_t)(p - in);
		CHECK(left == rest);
		if (!CHECK(is_hex(&out, said)))
			printf("    %s\n", hex);
		if (r < 0) {
			left = 0;
			CHECK(socks5_request(&s, &p, &left, &out, &c, &a) ==
			    r);
		}
		buf_free(&out);
	}
}

#define CONNECT4 "050100" "01" "7f000001" "0050"
#define PASSWORD "0104" "75736572" "06" "736563726574"

TEST(socks5_server_takes_requests_and_leaves_the_rest)
{
	serves(NULL, "050100" CONNECT4, 1, "0500", 0);
	serves(NULL, "050100" CONNECT4 "474554", 1, "0500", 3);
	serves(NULL, "0503010002" CONNECT4, 1, "0500", 0);
	serves("user", "05020002" PASSWORD CONNECT4 "61", 1, "0502" "0100",
	    1);
	serves(NULL, "050100" "050100" "03" "09" "6c6f63616c686f7374" "0016",
	    1, "0500", 0);
	serves(NULL, "050100" "050300" "04"
	    "00000000000000000000000000000001" "0035", 1, "0500", 0);
}

TEST(socks5_server_waits_at_every_byte)
{
	static const char all[] = "05020002" PASSWORD CONNECT4;
	char part[sizeof(all)];
	size_t n;

	for (n = 0; n < sizeof(all) - 1; n += 2) {
		memcpy(part, all, n);
		part[n] = '\0';
		serves("user", part, 0, n < 8 ? "" : n < 8 + 26 ? "0502" :
		    "0502" "0100", 0);
	}
}

TEST(socks5_server_refuses_each_thing_that_is_wrong)
{
	serves(NULL, "04", ERR_PROTO, "", 0);
	serves(NULL, "474554", ERR_PROTO, "", 2);
	serves(NULL, "0500", ERR_AUTH, "05ff", 0);
	serves(NULL, "050102", ERR_AUTH, "05ff", 0);
	serves("user", "050100", ERR_AUTH, "05ff", 0);
	serves("user", "050102" "02", ERR_PROTO, "0502", 0);
	/* a wrong letter, one less, one more, none */
	serves("user", "050102" "0104" "75736573" "06" "736563726574",
	    ERR_AUTH, "0502" "0101", 0);
	serves("user", "050102" "0104" "75736572" "05" "7365637265",
	    ERR_AUTH, "0502" "0101", 0);
	serves("user", "050102" "0105" "7573657200" "06" "736563726574",
	    ERR_AUTH, "0502" "0101", 0);
	serves("user", "050102" "0100" "00", ERR_AUTH, "0502" "0101", 0);
	serves(NULL, "050100" "04", ERR_PROTO, "0500", 0);
	serves(NULL, "050100" "0501000200", ERR_PROTO,
	    "0500" "05080001000000000000", 0);
	serves(NULL, "050100" "050400" "01" "7f000001" "0050", ERR_PROTO,
	    "0500" "05070001000000000000", 0);
	serves(NULL, "050100" "050100" "03" "00" "0050", ERR_PROTO,
	    "0500" "05010001000000000000", 0);
	serves(NULL, "050100" "050100" "03" "02" "6100" "0050", ERR_PROTO,
	    "0500" "05010001000000000000", 0);
}

TEST(socks5_server_reads_the_address_of_each_kind)
{
	static const char *const hex[] = {
		"050100" "050100" "03" "04" "482e6578" "1f90",
		"050100" "050300" "01" "0a000001" "ffff",
		"050100" "050200" "04" "20010db8000000000000000000000001"
		"0001",
	};
	struct socks5_addr a[3];
	enum socks5_command c[3];
	struct buf out = { 0 };
	uint8_t in[64];
	int i;

	for (i = 0; i < 3; i++) {
		const uint8_t *p = in;
		size_t n = hex_read(in, hex[i]);
		struct socks5 s;

		socks5_server(&s, NULL, NULL);
		CHECK(socks5_request(&s, &p, &n, &out, &c[i], &a[i]) == 1);
		/* the request is there once only */
		CHECK(socks5_request(&s, &p, &n, &out, &c[i], &a[i]) == 0);
	}
	CHECK(a[0].ip_len == 0 && a[0].port == 8080);
	CHECK_STR(a[0].name, "H.ex");
	CHECK(c[0] == SOCKS5_CONNECT && c[1] == SOCKS5_UDP_ASSOCIATE &&
	    c[2] == SOCKS5_BIND);
	CHECK(a[1].ip_len == 4 && a[1].ip[0] == 10 && a[1].port == 65535);
	CHECK(a[2].ip_len == 16 && a[2].ip[15] == 1 && a[2].port == 1);
	buf_take(&out, buf_len(&out));
	socks5_reply(&out, SOCKS5_OK, &a[1]);
	CHECK(is_hex(&out, "050000010a000001ffff"));
	socks5_reply(&out, SOCKS5_OK, &a[2]);
	CHECK(is_hex(&out, "05000004"
	    "20010db80000000000000000000000010001"));
	socks5_reply(&out, SOCKS5_REFUSED, &a[0]);
	CHECK(is_hex(&out, "05050001000000000000"));
	buf_free(&out);
}

/* A client whose peer answers hex, byte by byte; what it said in all. */
static int
asks(const char *user, const char *host, const char *hex, const char *said,
    const char *want_why, size_t rest)
{
	struct buf out = { 0 }, why = { 0 };
	struct socks5_addr target;
	struct socks5 s;
	uint8_t in[600];
	size_t n = hex_read(in, hex), left, i;
	const uint8_t *p = in;
	int r = 0;

	CHECK(socks5_set_name(&target, host, 22));
	CHECK(socks5_client(&s, &out, user, "pw", &target) == 0);
	for (i = 0; r == 0 && i < n; i++) {
		left = 1;
		r = socks5_answer(&s, &p, &left, &out, &target, &why);
		CHECK(left == 0);
	}
	CHECK(n - i == rest);
	left = 0;
	CHECK(r == 0 ||
	    socks5_answer(&s, &p, &left, &out, &target, &why) == r);
	CHECK_STR(buf_text(&why), want_why);
	CHECK(is_hex(&out, said));
	p = in;
	left = n; /* all at once */
	socks5_client(&s, &out, user, "pw", &target);
	buf_take(&why, buf_len(&why));
	CHECK(socks5_answer(&s, &p, &left, &out, &target, &why) == r);
	CHECK(left == rest || r < 0);
	CHECK_STR(buf_text(&why), want_why);
	CHECK(is_hex(&out, said));
	buf_free(&out);
	buf_free(&why);
	return r;
}

#define ASK_H "050100" "03" "01" "68" "0016"

TEST(socks5_client_goes_through)
{
	CHECK(asks(NULL, "h", "0500" "050000" "01" "00000000" "0000",
	    "050100" ASK_H, "", 0) == 1);
	CHECK(asks(NULL, "h", "0500" "050000" "03" "02" "6162" "0000" "5353",
	    "050100" ASK_H, "", 2) == 1);
	CHECK(asks("u", "h", "0502" "0100" "050000" "04"
	    "00000000000000000000000000000000" "0000",
	    "05020002" "010175027077" ASK_H, "", 0) == 1);
	CHECK(asks("u", "h", "0500" "050000" "01" "00000000" "0000",
	    "05020002" ASK_H, "", 0) == 1);
}

TEST(socks5_client_tells_why_not)
{
	CHECK(asks(NULL, "h", "4854", "050100",
	    "it does not speak SOCKS5", 0) == ERR_PROTO);
	CHECK(asks(NULL, "h", "05ff", "050100",
	    "it wants authentication", 0) == ERR_AUTH);
	CHECK(asks(NULL, "h", "0502", "050100",
	    "it wants authentication", 0) == ERR_AUTH);
	CHECK(asks("u", "h", "05ff", "05020002",
	    "it takes no user and password", 0) == ERR_AUTH);
	CHECK(asks("u", "h", "0502" "0101", "05020002" "010175027077",
	    "wrong user or password", 0) == ERR_AUTH);
	CHECK(asks(NULL, "h", "0500" "0505", "050100" ASK_H,
	    "connection refused", 0) == ERR_PROTO);
	CHECK(asks(NULL, "h", "0500" "0563", "050100" ASK_H,
	    "unknown error", 0) == ERR_PROTO);
	CHECK(asks(NULL, "h", "0500" "0400", "050100" ASK_H,
	    "its reply makes no sense", 0) == ERR_PROTO);
	CHECK(asks(NULL, "h", "0500" "0500000700", "050100" ASK_H,
	    "its reply makes no sense", 0) == ERR_PROTO);
	CHECK_STR(socks5_text(SOCKS5_NO_ADDRESS),
	    "address type not supported");
}

/* What the line behind hex, which refuses, is; cut at every place, and one
 * byte at a time. */
static void
lines(const char *hex, int want, const char *want_line, size_t rest)
{
	uint8_t in[700];
	size_t n = hex_read(in, hex), cut, end, left;

	for (cut = 0; cut <= n + 1; cut++) {
		struct buf out = { 0 }, why = { 0 }, line = { 0 };
		const uint8_t *p = in;
		struct socks5_addr target;
		struct socks5 s;
		int r = 0, got = 0;

		socks5_set_name(&target, "h", 22);
		socks5_client(&s, &out, NULL, NULL, &target);
		for (end = cut > n ? 1 : cut; got == 0 && end <= n;
		    end = cut > n || end == n ? end + 1 : n) {
			left = end - (size_t)(p - in);
			if (r == 0)
				r = socks5_answer(&s, &p, &left, &out,
				    &target, &why);
			if (r < 0)
				got = socks5_line(&s, &p, &left, &line);
		}
		CHECK(r < 0 && got == want);
		CHECK(n - (size_t)(p - in) == rest || want < 0);
		CHECK_STR(buf_text(&line), want_line);
		buf_free(&out);
		buf_free(&why);
		buf_free(&line);
	}
}

#define REFUSAL "0500" "050200" "01" "00000000" "0000"

TEST(socks5_client_reads_the_line_behind_a_refusal)
{
	char hex[2 * SOCKS5_LINE_MAX + 100], want[SOCKS5_LINE_MAX + 1];
	int i, n = sprintf(hex, "%s", REFUSAL);

	lines(REFUSAL "6e6f0a", 1, "no", 1);
	lines(REFUSAL "0a", 1, "", 1);
	lines(REFUSAL, 0, "", 0);
	lines(REFUSAL "6e6f", 0, "no", 0);
	lines(REFUSAL "6e1b7fff09000d6f0a58", 1, "n??????o", 2);
	lines("0500" "050200" "03" "02" "6162" "0000" "6e6f0a", 1, "no", 1);
	lines("0500" "0502000700", ERR_PROTO, "", 0);
	lines("05ff" "6e6f0a", ERR_PROTO, "", 0);
	lines("0400" "6e6f0a", ERR_PROTO, "", 0);
	for (i = 0; i < SOCKS5_LINE_MAX; i++) {
		n += sprintf(hex + n, "61");
		want[i] = 'a';
	}
	want[i] = '\0';
	lines(hex, 0, want, 0);
	sprintf(hex + n, "0a");
	lines(hex, 1, want, 1);
	sprintf(hex + n, "61");
	lines(hex, 1, want, 1);
}

TEST(socks5_client_may_ask_for_datagrams)
{
	const uint8_t hello[] = { 5, 0 }, *p = hello;
	struct socks5_addr target;
	struct buf out = { 0 };
	size_t n = sizeof(hello);
	struct socks5 s;

	socks5_set_name(&target, "h", 22);
	socks5_client(&s, &out, NULL, NULL, &target);
	s.command = SOCKS5_UDP_ASSOCIATE;
	CHECK(socks5_answer(&s, &p, &n, &out, &target, &out) == 0);
	CHECK(is_hex(&out, "050100" "050300" "03" "01" "68" "0016"));
	buf_free(&out);
}

TEST(socks5_client_knows_its_limits)
{
	static char name[258];
	struct socks5_addr a = { .ip_len = 4, .ip = { 10, 0, 0, 1 } };
	struct buf out = { 0 };
	struct socks5 s;

	memset(name, 'n', 255);
	CHECK(socks5_set_name(&a, name, 1));
	CHECK(socks5_client(&s, &out, name, name, &a) == 0);
	name[255] = 'n';
	CHECK(!socks5_set_name(&a, name, 1) && !socks5_set_name(&a, "", 1));
	CHECK(socks5_client(&s, &out, NULL, NULL, &a) == ERR_PROTO);
	a.ip_len = 4;
	CHECK(socks5_client(&s, &out, name, "x", &a) == ERR_PROTO);
	CHECK(socks5_client(&s, &out, "x", name, &a) == ERR_PROTO);
	CHECK(socks5_client(&s, &out, "", "x", &a) == ERR_PROTO);
	CHECK(socks5_client(&s, &out, "x", "", &a) == 0);
	buf_free(&out);
}

TEST(socks5_datagrams_have_heads)
{
	struct socks5_addr a;
	struct buf b = { 0 };
	uint8_t in[64];
	size_t n = hex_read(in, "000000" "01" "0a000001" "0035" "6869"), i;

	for (i = 0; i < 10; i++)
		CHECK(socks5_datagram(&a, in, i) == 0);
	CHECK(socks5_datagram(&a, in, n) == 10 && a.port == 53);
	socks5_put_datagram(&b, &a);
	CHECK(is_hex(&b, "000000010a0000010035"));
	in[2] = 1; /* a fragment */
	CHECK(socks5_datagram(&a, in, n) == 0);
	in[2] = 0;
	in[3] = 2;
	CHECK(socks5_datagram(&a, in, n) == 0);
	n = hex_read(in, "000000" "03" "01" "68" "0035");
	CHECK(socks5_datagram(&a, in, n) == 8);
	CHECK_STR(a.name, "h");
	CHECK(socks5_datagram(&a, in, n - 1) == 0);
	buf_free(&b);
}

TEST(a_socks_client_in_a_hurry_says_all_at_once)
{
	static const char all[] = "\5\1\0" "\5\1\0\3\2db\25\70";
	static const char yes[] = "\5\0" "\5\0\0\1\177\0\0\1\0\26";
	const uint8_t *p = (const uint8_t *)yes;
	size_t n = sizeof(yes) - 1, i, one;
	struct buf out = { 0 }, why = { 0 };
	enum socks5_command command;
	struct socks5 s, server;
	struct socks5_addr a, got;

	CHECK(socks5_set_name(&a, "db", 5432));
	CHECK(socks5_client(&s, &out, NULL, NULL, &a) == 0);
	socks5_hurry(&s, &out, &a);
	CHECK(buf_len(&out) == sizeof(all) - 1);
	CHECK(memcmp(buf_peek(&out), all, sizeof(all) - 1) == 0);
	buf_free(&out);
	for (i = 0; i < n; i++) {
		one = 1;
		CHECK(socks5_answer(&s, &p, &one, &out, &a, &why) ==
		    (i + 1 == n));
		CHECK(socks5_code(&s) == SOCKS5_OK);
	}
	CHECK(buf_len(&out) == 0);
	/* and a server takes it so */
	socks5_server(&server, NULL, NULL);
	p = (const uint8_t *)all;
	n = sizeof(all) - 1;
	CHECK(socks5_request(&server, &p, &n, &out, &command, &got) == 1);
	CHECK(n == 0 && got.port == 5432 && strcmp(got.name, "db") == 0);
	buf_free(&out);
	buf_free(&why);
}
