// SPDX-License-Identifier: MIT
#include "test/core/config_test.h"

#define PROXY(name, more) \
	"[[proxies]]\nname = \"" name "\"\ntype = \"tcp\"\n" more "\n"

TEST(config_proxies_are_filtered_and_then_checked)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, "start = [\"b\", \"c\"]\n"
	    PROXY("a", "localPort = 70000") PROXY("b", "localPort = 1")
	    PROXY("c", "enabled = false\nlocalPort = -1")
	    "[[proxies]]\nname = \"d\"\ntype = \"xtcp\"\nremotePort = 1\n",
	    "f"), "");
	CHECK(c.proxies.n == 1 && c.proxies.v[0].local_port == 1);
	CHECK_STR(c.proxies.v[0].local_ip, "127.0.0.1");
	config_client_release(&c);
	client_says(PROXY("a", "localPort = 99999"), "proxy a: localPort: "
	    "localPort: port number 99999 must be in the range 0..65535");
	client_says(PROXY("a", "remotePort = 65536"), "proxy a: remotePort: "
	    "port number 65536 must be in the range 0..65535");
	client_says(PROXY("", ""), "proxy : name should not be empty");
	client_says(PROXY("a", "") PROXY("a", ""),
	    "proxy name [a] is duplicated");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"xx\"",
	    "f:3: unknown proxy type: xx");
	client_says("[[proxies]]\nname = \"a\"", "f:1: type is required");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"http\"\n"
		    "remotePort = 1", "proxy a: not supported yet: proxy type "
				      "'http'");
	client_says(PROXY("a", "annotations = { \"a b\" = \"c\" }"),
	    "proxy a: annotation key a b is invalid: name part must consist "
	    "of alphanumeric characters, '-', '_' or '.', and must start and "
	    "end with an alphanumeric character");
	client_says(PROXY("a", "annotations = { \"x.y/a\" = \"c\" }"), "");
	client_says(PROXY("a", "annotations = { \"-x/a\" = \"c\" }"),
	    "proxy a: annotation key -x/a is invalid: prefix part must be a "
	    "DNS subdomain");
}

TEST(config_every_later_proxy_type_is_refused_by_name)
{
	static const char *const names[] = { "http", "https", "tcpmux", "sudp",
		"xtcp" };
	char text[96], want[96];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text),
		    "[[proxies]]\nname = \"a\"\ntype = \"%s\"\n", names[i]);
		snprintf(want, sizeof(want),
		    "proxy a: not supported yet: proxy type '%s'", names[i]);
		client_says(text, want);
	}
}

TEST(config_annotations_have_a_limit)
{
	struct client_conf c;
	struct buf b = { 0 };
	int extra;

	for (extra = 0; extra < 2; extra++) {
		size_t n = 262143 + (size_t)extra;

		buf_puts(&b, PROXY("a", "annotations.k = '"));
		b.data[b.len - 1] = 'x'; /* in place of the line end */
		memset(buf_room(&b, n - 1), 'x', n - 1);
		buf_added(&b, n - 1);
		buf_puts(&b, "'\n");
		CHECK_STR(client_file(&c, buf_text(&b), "f"), extra ?
		    "proxy a: annotations size 262145 is larger than limit "
		    "262144" : "");
		config_client_release(&c);
		buf_free(&b);
	}
}

TEST(config_included_files_add_proxies_and_visitors_only)
{
	struct config_source main_file = source("user = \"u\"\nincludes = "
	    "[\"d/*.toml\"]\n" PROXY("a", ""), "f");
	struct config_source more = source("user = \"v\"\n"
	    "transport.protocol = \"kcp\"\n" PROXY("b", ""), "g");
	struct config_source bad = source("nope = 1", "h");
	struct config_source visit = source("[[visitors]]\nname = \"v\"\n"
	    "type = \"stcp\"\nserverName = \"s\"\nbindPort = 1", "i");
	struct client_conf c;
	struct buf why = { 0 };

	CHECK(config_client_read(&c, &main_file, &why) == 0);
	CHECK(c.includes.n == 1);
	CHECK(config_client_add(&c, &more, &why) == 0);
	CHECK(config_client_add(&c, &visit, &why) == 0);
	CHECK(config_client_finish(&c, &types, &why) == 0);
	CHECK(c.proxies.n == 2 && c.visitors.n == 1);
	CHECK_STR(c.user, "u");
	CHECK_STR(c.proxies.v[1].name, "b");
	CHECK_STR(c.visitors.v[0].name, "v");
	CHECK(config_client_add(&c, &bad, &why) < 0);
	CHECK_STR(buf_text(&why),
	    "h:1: unknown key 'nope': json: unknown field \"nope\"");
	buf_free(&why);
	CHECK(config_client_add(&c, &visit, &why) == 0);
	CHECK(config_client_finish(&c, &types, &why) < 0);
	CHECK_STR(buf_text(&why), "visitor name [v] is duplicated");
	buf_free(&why);
	config_client_release(&c);
}
