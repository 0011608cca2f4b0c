// SPDX-License-Identifier: MIT
#include "core/msg.h"

#include "core/msg_fields.h"
#include "test/core/msg_all.h"
#include "test/t.h"

static void
same(enum msg_type type, const char *text, const char *want)
{
	char *got = msg_again(type, text);

	CHECK_STR(got, want);
	free(got);
}

static void
encodes(const struct msg *m, const char *want)
{
	struct buf b = { 0 };

	msg_encode(m, &b);
	CHECK_STR(buf_text(&b), want);
	buf_free(&b);
}

TEST(msg_bytes_and_names_are_those_of_frp)
{
	static const char bytes[] = "o1p2cwrsv3h4uinm56";
	int i, known = 0;

	CHECK(MSG_TYPES == sizeof(bytes) - 1);
	for (i = 0; i < MSG_TYPES; i++) {
		CHECK(msg_byte(i) == (uint8_t)bytes[i]);
		CHECK(msg_type_of_byte((uint8_t)bytes[i]) == i);
		CHECK(msg_kinds[i].id == i + 1);
	}
	for (i = 0; i < 256; i++)
		known += msg_type_of_byte((uint8_t)i) >= 0;
	CHECK(known == MSG_TYPES);
	CHECK_STR(msg_name(MSG_LOGIN), "Login");
	CHECK_STR(msg_name(MSG_UDP_PACKET), "UDPPacket");
	CHECK_STR(msg_name(MSG_NAT_HOLE_REPORT), "NatHoleReport");
}

TEST(msg_of_each_kind_survives_whole)
{
	int i;

	for (i = 0; i < MSG_TYPES; i++)
		same(i, msg_full[i], msg_full[i]);
}

TEST(msg_leaves_out_what_is_empty)
{
	int i;

	for (i = 0; i < MSG_TYPES; i++) {
		struct msg m = { .type = i };
		const char *want = i == MSG_LOGIN ? "{\"client_spec\":{}}" :
		    i == MSG_NAT_HOLE_RESP	  ? "{\"detect_behavior\":{}}" :
						    "{}";

		encodes(&m, want);
		same(i, "{}", want);
	}
	same(MSG_NEW_PROXY, "{\"proxy_name\":\"\",\"use_encryption\":false,"
	    "\"metas\":{},\"remote_port\":0,\"custom_domains\":[]}", "{}");
	same(MSG_UDP_PACKET, "{\"c\":\"\",\"r\":{}}",
	    "{\"r\":{\"IP\":\"\",\"Port\":0,\"Zone\":\"\"}}");
}

TEST(msg_login_of_the_worked_example)
{
	struct msg m = { .type = MSG_LOGIN };
	struct msg_login *l = &m.u.login;

	l->version = "0.61.0";
	l->hostname = "";
	l->os = "linux";
	l->arch = "amd64";
	l->privilege_key = "5d75c9c422f888a6fc13fe10cfd4b30e";
	l->timestamp = 1700000000;
	l->pool_count = 1;
	encodes(&m, "{\"version\":\"0.61.0\",\"os\":\"linux\","
	    "\"arch\":\"amd64\",\"privilege_key\":"
	    "\"5d75c9c422f888a6fc13fe10cfd4b30e\",\"timestamp\":1700000000,"
	    "\"client_spec\":{},\"pool_count\":1}");
}

TEST(msg_start_work_conn_of_the_worked_example)
{
	struct msg m = { .type = MSG_START_WORK_CONN,
		.u.start_work_conn = { "ssh", "203.0.113.9", "192.0.2.1",
		    51000, 6000, NULL, 0 } };

	encodes(&m, "{\"proxy_name\":\"ssh\",\"src_addr\":\"203.0.113.9\","
	    "\"dst_addr\":\"192.0.2.1\",\"src_port\":51000,"
	    "\"dst_port\":6000}");
}

TEST(msg_udp_packet_of_the_worked_example)
{
	static const char want[] = "{\"c\":\"aGk=\",\"r\":{\"IP\":"
	    "\"203.0.113.9\",\"Port\":51000,\"Zone\":\"\"}}";
	struct msg m = { .type = MSG_UDP_PACKET };
	struct msg_udp_packet *u = &m.u.udp_packet;

	u->content = (struct msg_bytes){ (uint8_t *)"hi", 2 };
	u->remote = (struct msg_addr){ true, "203.0.113.9", 51000, NULL };
	encodes(&m, want);
	CHECK(msg_read(&m, MSG_UDP_PACKET, want, strlen(want)) == 0);
	CHECK(u->content.n == 2 && memcmp(u->content.p, "hi", 2) == 0);
	CHECK(u->remote.present && !u->local.present);
	CHECK_STR(u->remote.ip, "203.0.113.9");
	CHECK(u->remote.port == 51000);
	msg_release(&m);
}

TEST(msg_writes_maps_sorted_and_leaves_them_as_they_were)
{
	char *v[] = { "b", "2", "a", "1", "", "0", "ab", NULL };
	struct msg m = { .type = MSG_NEW_PROXY };

	m.u.new_proxy.metas = (struct pairs){ v, 4 };
	encodes(&m, "{\"metas\":{\"\":\"0\",\"a\":\"1\",\"ab\":\"\","
	    "\"b\":\"2\"}}");
	CHECK_STR(v[0], "b");
	same(MSG_NEW_PROXY, "{\"headers\":{\"z\":\"1\",\"B\":\"2\"}}",
	    "{\"headers\":{\"B\":\"2\",\"z\":\"1\"}}");
}

TEST(msg_escapes_texts_as_go_does)
{
	struct msg m = { .type = MSG_PONG };

	m.u.pong.error = "<a&b>\n\"\\\x01\xc3\xa9\xff\xe2\x80\xa8";
	encodes(&m, "{\"error\":\"\\u003ca\\u0026b\\u003e\\n\\\"\\\\\\u0001"
	    "\xc3\xa9\\ufffd\\u2028\"}");
}

TEST(msg_encodes_behind_what_is_already_there)
{
	struct msg m = { .type = MSG_PING };
	struct buf b = { 0 };

	buf_puts(&b, "abc");
	buf_take(&b, 1);
	msg_encode(&m, &b);
	CHECK_STR(buf_text(&b), "bc{}");
	buf_free(&b);
}
