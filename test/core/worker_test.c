// SPDX-License-Identifier: MIT
#include "core/worker.h"

#include "test/t.h"

#define FULL                                                      \
	"type=frp,server=10.0.1.50:7000,server_public=54.123.45.67," \
	"port_range=10000-50000"
#define HEX64 \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PIN  "sha256:" HEX64
#define MANY ",pin=" PIN ",pin=" PIN ",pin=" PIN ",pin=" PIN

static void
fails(const char *text, const char *want)
{
	struct worker_conf w;
	struct buf why = { 0 };

	CHECK(worker_parse(&w, text, &why) < 0);
	CHECK_STR(buf_text(&why), want);
	CHECK(!w.server && !w.public_host && !w.token && !w.pin);
	buf_free(&why);
}

TEST(worker_reads_the_line_that_workers_are_given)
{
	struct buf b = { 0 };
	struct worker_conf w;

	CHECK(worker_parse(&w, FULL, &b) == 0);
	CHECK_STR(w.server, "10.0.1.50");
	CHECK_STR(w.public_host, "54.123.45.67");
	CHECK(w.port == 7000 && w.first == 10000 && w.last == 50000);
	CHECK(w.tls && !w.token && !w.pin);
	worker_put_public(&b, &w, ":12345");
	CHECK_STR(buf_text(&b), "54.123.45.67:12345");
	buf_free(&b);
	worker_put_public(&b, &w, "[::]:12345");
	CHECK_STR(buf_text(&b), "54.123.45.67:12345");
	buf_free(&b);
	worker_release(&w);
}

TEST(worker_keys_come_in_any_order_and_most_may_be_left_out)
{
	struct buf b = { 0 };
	struct worker_conf w;

	CHECK(worker_parse(&w, "server=[fd00::1],type=frp", &b) == 0);
	CHECK_STR(w.server, "fd00::1");
	CHECK(w.port == 7000 && w.first == 0);
	worker_put_public(&b, &w, ":1");
	CHECK_STR(buf_text(&b), "[fd00::1]:1");
	buf_free(&b);
	worker_release(&w);
	CHECK(worker_parse(&w, "tls=true,pin=sha256:" HEX64 ",token=a=b,"
	    "port_range=65535,server=h:1,type=frp", &b) == 0);
	CHECK_STR(w.token, "a=b");
	CHECK_STR(w.pin, "sha256:" HEX64);
	CHECK_STR(w.public_host, "h");
	CHECK(w.port == 1 && w.first == 65535 && w.last == 65535);
	worker_release(&w);
	CHECK(worker_parse(&w, "type=frp,pin=" PIN ",server=h,pin=" PIN, &b)
	    == 0);
	CHECK_STR(w.pin, PIN "," PIN);
	worker_release(&w);
	CHECK(worker_parse(&w, "type=frp,server=h,tls=false", &b) == 0);
	CHECK(!w.tls);
	worker_release(&w);
	buf_free(&b);
}

TEST(worker_says_which_key_is_wrong)
{
	fails("", "'' is not key=value");
	fails("type=frp", "key 'server' is missing");
	fails("server=h", "key 'type' is missing");
	fails("type=ssh,server=h", "unknown type 'ssh', only 'frp' is known");
	fails("type=frp,server=h,", "'' is not key=value");
	fails("type=frp,,server=h", "'' is not key=value");
	fails("type=frp,server=h,foo=1", "unknown key 'foo'");
	fails("type=frp,server=h,Server=1", "unknown key 'Server'");
	fails("type=frp,server=h,server=i", "key 'server' is repeated");
	fails("type=frp,server=", "key 'server' has no value");
	fails("type=frp,server=h, tls=true", "blank or control byte at 18");
	fails("type=frp,server=h\n", "blank or control byte at 17");
	fails("type=frp,server=h,tls=1", "tls '1' is neither 'true' nor "
	    "'false'");
	fails("type=frp,server=h,pin=" HEX64, "pin '" HEX64 "' is not sha256: "
	    "and 64 hex digits");
	fails("type=frp,server=h,pin=sha256:00", "pin 'sha256:00' is not "
	    "sha256: and 64 hex digits");
	fails("type=frp,server=h,pin=" PIN ",pin=x", "pin 'x' is not sha256: "
	    "and 64 hex digits");
	fails("type=frp,server=h" MANY MANY MANY MANY ",pin=" PIN,
	    "there are more than 16 pins");
	fails("type=frp,server=h,tls=false,pin=sha256:" HEX64,
	    "a pin needs tls");
}

TEST(worker_checks_every_host_and_port)
{
	static const char *const servers[] = { ":7000", "h:", "h:0",
		"h:65536", "h:7x", "h:-1", "h:123456", "[::1", "[]:7", "[h]:7",
		"::1", "a@b", "http://h:7" };
	static const char *const ranges[] = { "0-5", "5-0", "6-5", "1-65536",
		"1-", "-5", "a-b", "1-2-3", "65536", "1:2", "-" };
	static const char *const publics[] = { "h:1", "[::1]:1", "a/b", "[" };
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		char want[128];

		snprintf(text, sizeof(text), "type=frp,server=%s", servers[i]);
		snprintf(want, sizeof(want), "server '%s' is not host:port",
		    servers[i]);
		fails(text, want);
	}
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		char want[128];

		snprintf(text, sizeof(text), "type=frp,server=h,port_range=%s",
		    ranges[i]);
		snprintf(want, sizeof(want), "port_range '%s' is not LOW-HIGH "
		    "in 1..65535", ranges[i]);
		fails(text, want);
	}
	for (i = 0; i < sizeof(publics) / sizeof(*publics); i++) {
		char want[128];

		snprintf(text, sizeof(text),
		    "type=frp,server=h,server_public=%s", publics[i]);
		snprintf(want, sizeof(want), "server_public '%s' is not a host"
		    " without a port", publics[i]);
		fails(text, want);
	}
}

TEST(worker_fails_or_reads_at_every_end)
{
	struct buf why = { 0 };
	struct worker_conf w;
	char text[sizeof(FULL)];

	for (size_t n = 0; n < sizeof(FULL); n++) {
		memcpy(text, FULL, n);
		text[n] = '\0';
		if (worker_parse(&w, text, &why) == 0)
			worker_release(&w);
		else
			CHECK(buf_len(&why) && !w.server);
		buf_free(&why);
	}
}

TEST(worker_has_a_longest_line)
{
	static char text[WORKER_MAX + 2] = "type=frp,server=h,token=";
	struct buf why = { 0 };
	struct worker_conf w;

	memset(text + strlen(text), 'x', WORKER_MAX - strlen(text));
	CHECK(strlen(text) == WORKER_MAX);
	CHECK(worker_parse(&w, text, &why) == 0);
	worker_release(&w);
	text[WORKER_MAX] = 'x';
	fails(text, "longer than 4096 bytes");
	buf_free(&why);
}
