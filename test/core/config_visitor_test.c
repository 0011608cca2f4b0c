// SPDX-License-Identifier: MIT
#include "test/core/config_test.h"

#define VISITOR(name, more)                                  \
	"[[visitors]]\nname = \"" name "\"\ntype = \"stcp\"\n" more "\n"
#define WHOLE "serverName = \"s\"\nbindPort = 9000\n"

TEST(config_visitors_are_filtered_and_then_checked)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, "start = [\"b\", \"c\"]\n"
	    VISITOR("a", "") VISITOR("b", WHOLE) VISITOR("c", "enabled = false")
	    "[[visitors]]\nname = \"d\"\ntype = \"xtcp\"\nprotocol = \"kcp\"\n",
	    "f"), "");
	CHECK(c.visitors.n == 1 && c.visitors.v[0].bind_port == 9000);
	CHECK_STR(c.visitors.v[0].bind_addr, "127.0.0.1");
	CHECK(!c.visitors.v[0].local_ip);
	config_client_release(&c);
	client_says(VISITOR("", ""), "visitor : name is required");
	client_says(VISITOR("a", ""), "visitor a: server name is required");
	client_says(VISITOR("a", "serverName = \"s\""),
	    "visitor a: bind port is required");
	client_says(VISITOR("a", "serverName = \"s\"\nbindPort = -1"), "");
	client_says(VISITOR("a", "serverName = \"s\"\nbindPort = 65535"), "");
	client_says(VISITOR("a", "serverName = \"s\"\nbindPort = 65536"),
	    "visitor a: bindPort: port number 65536 must be in the range "
	    "0..65535");
	client_says(VISITOR("a", WHOLE) VISITOR("a", WHOLE),
	    "visitor name [a] is duplicated");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"tcp\"\n"
	    VISITOR("a", WHOLE), "");
}

TEST(config_visitors_of_other_types_are_refused_by_name)
{
	client_says("[[visitors]]\nname = \"a\"\ntype = \"xtcp\"\n",
	    "visitor a: not supported yet: visitor type 'xtcp'");
	client_says("[[visitors]]\nname = \"a\"\ntype = \"sudp\"\n",
	    "visitor a: not supported yet: visitor type 'sudp'");
	client_says("[[visitors]]\nname = \"a\"\ntype = \"tcp\"\n",
	    "f:3: unknown visitor type: tcp");
	client_says("[[visitors]]\nname = \"a\"", "f:1: type is required");
	client_says("visitors = [1]", "f:1: 'visitors' cannot be of this "
	    "type: unmarshal VisitorConfig error: json: cannot unmarshal "
	    "number into Go struct field VisitorConfig.visitors of type "
	    "object");
	client_says("visitors = 1", "f:1: 'visitors' cannot be of this type: "
	    "json: cannot unmarshal number into Go struct field "
	    "ClientConfig.visitors of type []v1.TypedVisitorConfig");
	client_says(VISITOR("a", "protocol = \"kcp\""), "f:4: unknown key "
	    "'protocol': unmarshal VisitorConfig error: json: unknown field "
	    "\"protocol\"");
	client_says(VISITOR("a", WHOLE "plugin.type = \"virtual_net\""),
	    "visitor a: not supported yet: plugin (visitor plugins)");
}

TEST(config_visitors_know_the_full_name_of_their_proxy)
{
	static const struct { const char *user, *more, *want; } cases[] = {
		{ "", "", "s" },
		{ "user = \"u\"\n", "", "u.s" },
		{ "user = \"u\"\n", "serverUser = \"o\"\n", "o.s" },
		{ "", "serverUser = \"o\"\n", "o.s" },
		{ "user = \"u\"\n", "serverUser = \"\"\n", "u.s" },
	};
	struct client_conf c;
	char text[160], *name;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), "%s" VISITOR("v", WHOLE "%s"),
		    cases[i].user, cases[i].more);
		CHECK_STR(client_file(&c, text, "f"), "");
		name = config_visitor_target(&c, &c.visitors.v[0]);
		CHECK_STR(name, cases[i].want);
		free(name);
		config_client_release(&c);
	}
}

#define PROXY(type, more) \
	"[[proxies]]\nname = \"a\"\ntype = \"" type "\"\n" more "\n"

TEST(config_plugins_take_the_place_of_the_local_port)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, PROXY("tcp", "localPort = 70000\n"
	    "[proxies.plugin]\nType = \"socks5\"\nusername = \"\"\n"
	    "passWord = \"p\""), "f"), "");
	CHECK_STR(c.proxies.v[0].plugin.type, "socks5");
	CHECK(!c.proxies.v[0].plugin.username);
	CHECK_STR(c.proxies.v[0].plugin.password, "p");
	config_client_release(&c);
	client_says(PROXY("stcp", "plugin.type = \"socks5\""), "");
	client_says(PROXY("udp", "plugin.type = \"socks5\""), "proxy a: plugin "
	    "socks5: not for a proxy of type 'udp', only for [tcp stcp]");
}

TEST(config_offers_say_what_they_allow)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, PROXY("stcp", "plugin = { type = \"offer\", "
	    "allow = \"22,db:5432\" }"), "f"), "");
	CHECK_STR(c.proxies.v[0].plugin.allow, "22,db:5432");
	config_client_release(&c);
	client_says(PROXY("tcp", "plugin = { type = \"offer\", allow = \"22\""
	    " }"), "proxy a: plugin offer: not for a proxy of type 'tcp', "
	    "only for [stcp]");
	client_says(PROXY("stcp", "plugin.type = \"offer\""), "proxy a: plugin "
	    "offer: allow is missing: what may be reached, as in 22,8000-9000");
	client_says(PROXY("stcp", "plugin = { type = \"offer\", allow = \"0\""
	    " }"), "proxy a: '0': ports are numbers from 1 to 65535, as 22 or "
	    "8000-8100 (plugin offer: allow)");
}

TEST(config_plugins_that_are_wrong_or_later_are_named)
{
	static const char *const later[] = { "http_proxy", "static_file",
		"unix_domain_socket", "https2http", "https2https",
		"http2https", "http2http", "tls2raw", "virtual_net" };
	char text[128], want[80];
	size_t i;

	for (i = 0; i < sizeof(later) / sizeof(*later); i++) {
		snprintf(text, sizeof(text), PROXY("tcp", "plugin = { type = "
		    "\"%s\", localPath = \"x\" }"), later[i]);
		snprintf(want, sizeof(want),
		    "proxy a: not supported yet: plugin '%s'", later[i]);
		client_says(text, want);
	}
	client_says(PROXY("tcp", "plugin.type = \"xx\""), "f:4: unmarshal "
	    "ProxyConfig error: unknown plugin type: xx");
	client_says(PROXY("tcp", "plugin.type = \"\""), "f:4: unmarshal "
	    "ProxyConfig error: plugin type is empty");
	client_says(PROXY("tcp", "plugin = {}"), "f:4: unmarshal "
	    "ProxyConfig error: plugin type is empty");
	client_says(PROXY("tcp", "plugin = 1"), "f:4: 'plugin' cannot be of "
	    "this type: unmarshal ProxyConfig error: json: cannot unmarshal "
	    "number into Go struct field ProxyConfig.plugin of type object");
	client_says(PROXY("tcp", "plugin.type = 1"), "f:4: 'type' cannot be of "
	    "this type: unmarshal ProxyConfig error: json: cannot unmarshal "
	    "number into Go struct field ProxyConfig.type of type string");
	client_says(PROXY("tcp", "plugin = { type = \"socks5\", username = 1 "
	    "}"), "f:4: 'username' cannot be of this type: unmarshal "
	    "ProxyConfig error: unmarshal ClientPluginOptions error: json: "
	    "cannot unmarshal number into Go struct field "
	    "Socks5PluginOptions.username of type string");
	client_says(PROXY("tcp", "plugin = { type = \"socks5\", pasword = "
	    "\"x\" }"), "f:4: unknown key 'pasword' (did you mean "
	    "'password'?): unmarshal ProxyConfig error: unmarshal "
	    "ClientPluginOptions error: json: unknown field \"pasword\"");
	client_says("{\"proxies\":[{\"name\":\"a\",\"type\":\"tcp\","
	    "\"plugin\":null}]}", "");
}
