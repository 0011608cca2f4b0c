// SPDX-License-Identifier: MIT
#include "core/err.h"
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

static bool
refused(enum msg_type type, const char *text)
{
	struct msg m;
	int r = msg_read(&m, type, text, strlen(text));

	if (r == 0)
		msg_release(&m);
	else
		CHECK(!m.text); /* there is nothing to release */
	return r < 0;
}

TEST(msg_names_match_whatever_their_case)
{
	same(MSG_NEW_PROXY, "{\"PROXY_NAME\":\"n\",\"Remote_Port\":1,"
	    "\"\\u0073k\":\"s\",\"\xc5\xbfubdomain\":\"d\"}",
	    "{\"proxy_name\":\"n\",\"remote_port\":1,\"subdomain\":\"d\","
	    "\"sk\":\"s\"}");
	same(MSG_UDP_PACKET, "{\"C\":\"aGk=\",\"R\":{\"ip\":\"::\","
	    "\"PORT\":5}}", "{\"c\":\"aGk=\",\"r\":{\"IP\":\"::\","
	    "\"Port\":5,\"Zone\":\"\"}}");
	/* but in maps they are kept */
	same(MSG_LOGIN, "{\"METAS\":{\"A\":\"1\",\"a\":\"2\"}}",
	    "{\"metas\":{\"A\":\"1\",\"a\":\"2\"},\"client_spec\":{}}");
	same(MSG_PONG, "{\"erro\":\"a\",\"errors\":\"b\",\"\":\"c\"}", "{}");
}

TEST(msg_passes_over_unknown_members)
{
	same(MSG_CLOSE_PROXY, " { \"x\" : { \"proxy_name\" : [ {} , [ 1.5e9 ]"
	    " ] } , \"proxy_name\" : \"n\" , \"y\" : null,\"z\":[]} \r\n\t",
	    "{\"proxy_name\":\"n\"}");
	same(MSG_REQ_WORK_CONN, "{\"a\":1,\"b\":[true]}", "{}");
}

TEST(msg_null_leaves_every_member_empty)
{
	const struct field *f;
	char text[128];
	int i;

	for (i = 0; i < MSG_TYPES; i++)
		for (f = msg_kinds[i].fields; f->name; f++) {
			char *empty = msg_again(i, "{}");

			snprintf(text, sizeof(text), "{\"%s\":null}", f->name);
			same(i, text, empty);
			free(empty);
		}
}

TEST(msg_null_after_a_value_is_what_go_makes_of_it)
{
	same(MSG_PONG, "{\"error\":\"e\",\"error\":null}",
	    "{\"error\":\"e\"}");
	same(MSG_PING, "{\"timestamp\":1,\"timestamp\":null}",
	    "{\"timestamp\":1}");
	same(MSG_NEW_PROXY, "{\"metas\":{\"a\":\"b\"},\"locations\":[\"/\"],"
	    "\"metas\":null,\"locations\":null}", "{}");
	same(MSG_UDP_PACKET, "{\"c\":\"aGk=\",\"r\":{\"Port\":1},\"c\":null,"
	    "\"r\":null}", "{}");
	same(MSG_NAT_HOLE_RESP, "{\"detect_behavior\":{\"ttl\":7,"
	    "\"candidate_ports\":[{}],\"candidate_ports\":null},"
	    "\"detect_behavior\":null}", "{\"detect_behavior\":{\"ttl\":7}}");
}

TEST(msg_null_inside_of_lists_and_maps_is_the_empty_element)
{
	same(MSG_NEW_PROXY, "{\"custom_domains\":[null,\"a\",null],"
	    "\"metas\":{\"k\":null}}",
	    "{\"metas\":{\"k\":\"\"},\"custom_domains\":[\"\",\"a\",\"\"]}");
	same(MSG_NAT_HOLE_RESP, "{\"detect_behavior\":{\"candidate_ports\":"
	    "[null,{\"to\":1}]}}",
	    "{\"detect_behavior\":{\"candidate_ports\":[{},{\"to\":1}]}}");
}

TEST(msg_members_that_come_twice)
{
	same(MSG_PONG, "{\"error\":\"a\",\"Error\":\"b\"}",
	    "{\"error\":\"b\"}");
	same(MSG_NEW_PROXY, "{\"locations\":[\"a\",\"b\"],"
	    "\"locations\":[\"c\"]}", "{\"locations\":[\"c\"]}");
	same(MSG_NEW_PROXY, "{\"locations\":[\"a\",\"b\"],\"locations\":[]}",
	    "{}");
	same(MSG_NEW_PROXY, "{\"metas\":{\"a\":\"1\",\"b\":\"2\"},"
	    "\"metas\":{\"c\":\"3\",\"a\":\"4\"}}",
	    "{\"metas\":{\"a\":\"4\",\"b\":\"2\",\"c\":\"3\"}}");
	same(MSG_UDP_PACKET, "{\"r\":{\"Port\":1},\"r\":{\"Zone\":\"z\"}}",
	    "{\"r\":{\"IP\":\"\",\"Port\":1,\"Zone\":\"z\"}}");
	same(MSG_NAT_HOLE_RESP, "{\"detect_behavior\":{\"candidate_ports\":"
	    "[{},{}],\"candidate_ports\":[{\"from\":1}]}}",
	    "{\"detect_behavior\":{\"candidate_ports\":[{\"from\":1}]}}");
}

TEST(msg_the_last_of_equal_names_in_a_map_counts)
{
	same(MSG_LOGIN, "{\"metas\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\","
	    "\"b\":null,\"a\":\"5\"}}",
	    "{\"metas\":{\"a\":\"5\",\"b\":\"\"},\"client_spec\":{}}");
}

TEST(msg_wrong_types_fail_the_whole_message)
{
	static const char *const values[] = { "{}", "[]", "\"\"", "1", "1.5",
		"true", "false", "{\"a\":1}", "[1]", "[[]]", "[{}]",
		"{\"a\":[]}", "[\"\"]", "{\"a\":\"\"}" };
	/* for each kind of field, those of the above that fit */
	static const char *const fit[] = {
		[FIELD_STR] = "..x...........", [FIELD_INT] = "...x..........",
		[FIELD_PORT] = "...x..........",
		[FIELD_BOOL] = ".....xx.......",
		[FIELD_STRS] = ".x..........x.",
		[FIELD_PAIRS] = "x............x",
		[FIELD_BYTES] = "..x...........",
		[FIELD_ADDR] = "x......x...x.x",
		[FIELD_OBJ] = "x......x...x.x",
		[FIELD_RANGES] = ".x........x...",
	};
	const struct field *f, *in;
	char text[128];
	size_t v;
	int i;

	for (i = 0; i < MSG_TYPES; i++)
		for (f = msg_kinds[i].fields; f->name; f++)
			for (v = 0; v < sizeof(values) / sizeof(*values); v++) {
				snprintf(text, sizeof(text), "{\"%s\":%s}",
				    f->name, values[v]);
				if (!CHECK(refused(i, text) ==
					(fit[f->kind][v] == '.')))
					printf("    %s\n", text);
				if (f->kind != FIELD_OBJ)
					continue;
				for (in = f->fields; in->name; in++) {
					snprintf(text, sizeof(text),
					    "{\"%s\":{\"%s\":%s}}", f->name,
					    in->name, values[v]);
					CHECK(refused(i, text) ==
					    (fit[in->kind][v] == '.'));
				}
			}
	CHECK(refused(MSG_UDP_PACKET, "{\"r\":{\"IP\":1}}"));
	CHECK(refused(MSG_UDP_PACKET, "{\"r\":{\"Port\":\"1\"}}"));
	CHECK(refused(MSG_NAT_HOLE_RESP, "{\"detect_behavior\":{"
	    "\"candidate_ports\":[{\"from\":\"1\"}]}}"));
}

TEST(msg_integers_at_their_edges)
{
	same(MSG_PING, "{\"timestamp\":9223372036854775807}",
	    "{\"timestamp\":9223372036854775807}");
	CHECK(refused(MSG_PING, "{\"timestamp\":9223372036854775808}"));
	same(MSG_PING, "{\"timestamp\":-9223372036854775808}",
	    "{\"timestamp\":-9223372036854775808}");
	CHECK(refused(MSG_PING, "{\"timestamp\":-9223372036854775809}"));
	CHECK(refused(MSG_PING, "{\"timestamp\":1.0}"));
	CHECK(refused(MSG_PING, "{\"timestamp\":1e3}"));
	same(MSG_PING, "{\"timestamp\":-0}", "{}");
	same(MSG_START_WORK_CONN, "{\"src_port\":65535,\"dst_port\":0}",
	    "{\"src_port\":65535}");
	CHECK(refused(MSG_START_WORK_CONN, "{\"src_port\":65536}"));
	CHECK(refused(MSG_START_WORK_CONN, "{\"dst_port\":-1}"));
}

TEST(msg_is_one_object_and_nothing_else)
{
	static const char *const bad[] = { "", " ", "null", "[]", "1", "\"\"",
		"true", "{}{}", "{},", "{} x", "{\"a\"}", "{\"a\":}", "{,}",
		"{\"error\":\"a\",}", "{'error':\"a\"}", "\xef\xbb\xbf{}" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(refused(MSG_PONG, bad[i]));
	CHECK(refused(MSG_REQ_WORK_CONN, ""));
	{
		struct msg m;

		CHECK(msg_decode(&m, MSG_PONG, NULL, 0) == ERR_PROTO);
	}
}

TEST(msg_cut_short_anywhere_is_refused_and_leaks_nothing)
{
	size_t n;
	int i;

	for (i = 0; i < MSG_TYPES; i++)
		for (n = 0; n < strlen(msg_full[i]); n++) {
			struct msg m;

			CHECK(msg_read(&m, i, msg_full[i], n) < 0);
		}
}

TEST(msg_of_another_kind_is_no_danger)
{
	int i, k;

	for (i = 0; i < MSG_TYPES; i++)
		for (k = 0; k < MSG_TYPES; k++) {
			char *once = msg_again(i, msg_full[k]);

			if (once)
				same(i, once, once);
			free(once);
		}
}

TEST(msg_nul_inside_a_text_ends_it)
{
	same(MSG_NEW_PROXY, "{\"proxy_name\":\"a\\u0000b\",\"sk\":\"\\u0000\","
	    "\"locations\":[\"\\u0000x\",\"y\"],"
	    "\"metas\":{\"k\\u0000x\":\"v\\u0000w\",\"k\":null}}",
	    "{\"proxy_name\":\"a\",\"metas\":{\"k\":\"\"},"
	    "\"locations\":[\"\",\"y\"]}");
}

TEST(msg_base64_is_read_to_its_very_end)
{
	same(MSG_UDP_PACKET, "{\"c\":\"aG\\nk=\\r\\n\"}", "{\"c\":\"aGk=\"}");
	CHECK(refused(MSG_UDP_PACKET, "{\"c\":\"aGk\"}"));
	CHECK(refused(MSG_UDP_PACKET, "{\"c\":\"aGk=x\"}"));
	CHECK(refused(MSG_UDP_PACKET, "{\"c\":\"aGk=\\u0000junk\"}"));
	CHECK(refused(MSG_UDP_PACKET, "{\"c\":\"\\u0000\"}"));
	CHECK(refused(MSG_UDP_PACKET, "{\"c\":\"\xff\xff\xff\xff\"}"));
}

TEST(msg_nesting_is_refused_at_a_depth)
{
	struct buf b = { 0 };
	unsigned depth, i;

	for (depth = 62; depth < 66; depth++) {
		buf_puts(&b, "{\"x\":");
		for (i = 0; i < depth; i++)
			buf_puts(&b, "[");
		for (i = 0; i < depth; i++)
			buf_puts(&b, "]");
		buf_puts(&b, "}");
		CHECK(refused(MSG_PONG, buf_text(&b)) == (depth > 63));
		buf_free(&b);
	}
	for (i = 0; i < 5000; i++)
		buf_puts(&b, "{\"client_spec\":");
	CHECK(refused(MSG_LOGIN, buf_text(&b)));
	buf_free(&b);
}

/* Whatever fills a body of the largest size: it must fit into the block that
 * is sized by the body alone, which only a sanitizer can see. */
TEST(msg_bodies_full_of_one_thing)
{
	static const struct {
		enum msg_type type;
		const char *head, *item, *tail;
	} cases[] = {
		{ MSG_NEW_PROXY, "{\"locations\":[null", ",null", "]}" },
		{ MSG_NEW_PROXY, "{\"locations\":[\"\"", ",\"\"", "]}" },
		{ MSG_NEW_PROXY, "{\"locations\":[\"\"", ",\"\xff\"", "]}" },
		{ MSG_NEW_PROXY, "{\"sk\":\"", "\xff", "\"}" },
		{ MSG_NEW_PROXY, "{\"sk\":\"", "\xe2\x82", "\"}" },
		{ MSG_NEW_PROXY, "{\"sk\":\"", "\\ud800", "\"}" },
		{ MSG_NEW_PROXY, "{\"sk\":\"", "\\\"", "\"}" },
		{ MSG_NEW_PROXY, "{\"sk\":\"\"", ",\"sk\":\"x\"", "}" },
		{ MSG_NEW_PROXY, "{\"metas\":{\"\":\"\"", ",\"\":\"\"", "}}" },
		{ MSG_NEW_PROXY, "{\"metas\":{\"\":\"\"", ",\"\":null", "}}" },
		{ MSG_NEW_PROXY, "{\"metas\":{}", ",\"metas\":{\"a\":\"\"}",
		    "}" },
		{ MSG_NEW_PROXY, "{\"sk\":\"\"", ",\"\":[[]]", "}" },
		{ MSG_UDP_PACKET, "{\"c\":\"", "////", "\"}" },
		{ MSG_UDP_PACKET, "{\"c\":\"", "\\n", "\"}" },
		{ MSG_NAT_HOLE_RESP, "{\"detect_behavior\":{"
		    "\"candidate_ports\":[{}", ",{}", "]}}" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].item);
		struct buf b = { 0 };
		char *once;

		buf_puts(&b, cases[i].head);
		while (buf_len(&b) + len + strlen(cases[i].tail) <= 10240)
			buf_puts(&b, cases[i].item);
		buf_puts(&b, cases[i].tail);
		once = msg_again(cases[i].type, buf_text(&b));
		if (CHECK(once != NULL))
			same(cases[i].type, once, once);
		free(once);
		buf_free(&b);
	}
}

TEST(msg_release_can_be_called_again)
{
	struct msg m;
	int i;

	for (i = 0; i < MSG_TYPES; i++) {
		CHECK(msg_read(&m, i, msg_full[i], strlen(msg_full[i])) == 0);
		msg_release(&m);
		CHECK(!m.text && m.type == (enum msg_type)i);
		msg_release(&m);
	}
}
