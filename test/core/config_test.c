// SPDX-License-Identifier: MIT
/* What is special about some settings; the rows as such are tried in
 * config_rows_test.c. */
#include "test/core/config_test.h"

static void
server_says(const char *text, const char *want)
{
	struct server_conf c;

	CHECK_STR(server_file(&c, text, "f"), want);
	config_server_release(&c);
}

TEST(config_later_rows_take_zero_and_nothing)
{
	server_says("kcpBindPort = 0\nvhostHTTPTimeout = 0\nsubDomainHost = "
		    "\"\"\nhttpPlugins = []\n[webServer]\nport = 0\n"
		    "addr = \"0.0.0.0\"\n", "");
	client_says("transport.protocol = \"tcp\"\ntransport.wireProtocol = "
		    "\"v1\"\nudpPacketSize = 0\nvisitors = []\n"
		    "[transport.quic]\n", "");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"tcp\"\n"
		    "transport.useEncryption = false\n"
		    "[proxies.healthCheck]\n", "");
}

TEST(config_null_is_not_set)
{
	const struct config_row *row;
	struct server_conf s;
	struct client_conf c;
	struct buf b = { 0 };

	buf_puts(&b, "{\"version\":\"1\"");
	for (row = config_server_rows(); row->path; row++)
		if (!strchr(row->path, '.'))
			buf_printf(&b, ",\"%s\":null", row->path);
	buf_puts(&b, ",\"log\":null,\"auth\":{\"token\":null}}");
	CHECK_STR(server_file(&s, buf_text(&b), "f"), "");
	CHECK(s.bind_port == 7000 && s.detailed_errors && !s.auth.token);
	config_server_release(&s);
	buf_free(&b);
	CHECK_STR(client_file(&c, "{\"proxies\":null,\"start\":null}", "f"),
	    "");
	config_client_release(&c);
	client_says("{\"proxies\":[null]}", "f:1: type is required");
}

TEST(config_derived_defaults_follow_what_they_depend_on)
{
	struct server_conf s;
	struct client_conf c;

	CHECK_STR(server_file(&s, "bindAddr = \"1.2.3.4\"", "f"), "");
	CHECK_STR(s.proxy_bind_addr, "1.2.3.4");
	CHECK(s.heartbeat_timeout == -1 && !s.tls_force);
	config_server_release(&s);
	CHECK_STR(server_file(&s, "transport = { tcpMux = false, tls = { "
	    "trustedCaFile = \"ca\" } }\nproxyBindAddr = \"::1\"", "f"), "");
	CHECK(s.heartbeat_timeout == 90 && s.tls_force);
	CHECK_STR(s.proxy_bind_addr, "::1");
	config_server_release(&s);
	CHECK_STR(client_file(&c, "", "f"), "");
	CHECK(c.heartbeat_interval == -1 && c.heartbeat_timeout == -1);
	config_client_release(&c);
	CHECK_STR(client_file(&c, "transport.tcpMux = false", "f"), "");
	CHECK(c.heartbeat_interval == 10 && c.heartbeat_timeout == 25);
	config_client_release(&c);
	CHECK_STR(client_file(&c, "transport.tcpMux = false\n"
	    "transport.heartbeatInterval = 30", "f"), "");
	CHECK(c.heartbeat_interval == 30 && c.heartbeat_timeout == 75);
	config_client_release(&c);
}

TEST(config_explicit_zero_counts_as_not_set)
{
	struct server_conf s;

	CHECK_STR(server_file(&s, "bindPort = 0\nlog.maxDays = 0\n"
	    "transport.maxPoolCount = 0\nbindAddr = \"\"\n", "f"), "");
	CHECK(s.bind_port == 7000 && s.log.max_days == 3);
	CHECK(s.max_pool_count == 5);
	CHECK_STR(s.bind_addr, "0.0.0.0");
	config_server_release(&s);
}

TEST(config_real_numbers_are_integers_in_toml_only)
{
	struct server_conf s;

	CHECK_STR(server_file(&s, "bindPort = 7001.0", "f"), "");
	CHECK(s.bind_port == 7001);
	config_server_release(&s);
	server_says("bindPort = 7001.5", "f:1: 'bindPort' cannot be of this "
	    "type: json: cannot unmarshal number into Go struct field "
	    "ServerConfig.bindPort of type int");
	server_says("{\"bindPort\": 7001.0}", "f:1: 'bindPort' cannot be of "
	    "this type: json: cannot unmarshal number into Go struct field "
	    "ServerConfig.bindPort of type int");
	server_says("maxPortsPerClient = 2147483648",
	    "f:1: 'maxPortsPerClient' is out of range");
	server_says("maxPortsPerClient = 1e300",
	    "f:1: 'maxPortsPerClient' is out of range");
	server_says("maxPortsPerClient = 2147483647", "");
	server_says("maxPortsPerClient = nan", "f:1: 'maxPortsPerClient' "
	    "cannot be of this type: json: cannot unmarshal number into Go "
	    "struct field ServerConfig.maxPortsPerClient of type int");
}

TEST(config_wrong_types_are_named)
{
	const struct config_row *row;
	struct server_conf s;
	struct client_conf c;
	char text[160], want[160];

	for (row = config_server_rows(); row->path; row++) {
		snprintf(text, sizeof(text), "\n%s = 1979-05-27", row->path);
		snprintf(want, sizeof(want), "f:2: '%s' cannot be of this "
		    "type: json: cannot unmarshal datetime into Go struct "
		    "field ServerConfig.%s of type ", row->path, row->path);
		CHECK(has(server_file(&s, text, "f"), want));
		config_server_release(&s);
	}
	for (row = config_client_rows(); row->path; row++) {
		snprintf(text, sizeof(text), "\n%s = 1979-05-27", row->path);
		snprintf(want, sizeof(want), "f:2: '%s' cannot be of this type",
		    row->path);
		CHECK(has(client_file(&c, text, "f"), want));
		config_client_release(&c);
	}
	server_says("auth = 1", "f:1: 'auth' cannot be of this type: json: "
	    "cannot unmarshal number into Go struct field ServerConfig.auth "
	    "of type object");
	client_says("metadatas.x = 1", "f:1: 'metadatas' cannot be of this "
	    "type: json: cannot unmarshal number into Go struct field "
	    "ClientConfig.metadatas of type string");
	client_says("start = \"a\"", "f:1: 'start' cannot be of this type: "
	    "json: cannot unmarshal string into Go struct field "
	    "ClientConfig.start of type []string");
	client_says("user = \"a\\u0000b\"", "f:1: 'user' has a NUL in it");
	client_says("proxies = [1]", "f:1: 'proxies' cannot be of this type: "
	    "unmarshal ProxyConfig error: json: cannot unmarshal number into "
	    "Go struct field ProxyConfig.proxies of type object");
}

TEST(config_unknown_keys_come_with_a_hint)
{
	struct client_conf c;
	struct config_source from = source("foo = 1\nuser = \"u\"", "f");
	struct buf why = { 0 };

	server_says("\nfoo = 1",
	    "f:2: unknown key 'foo': json: unknown field \"foo\"");
	server_says("bindPrt = 1", "f:1: unknown key 'bindPrt' (did you mean "
	    "'bindPort'?): json: unknown field \"bindPrt\"");
	server_says("[transport]\ntcpMx = true", "f:2: unknown key "
	    "'transport.tcpMx' (did you mean 'transport.tcpMux'?): json: "
	    "unknown field \"tcpMx\"");
	server_says("[auth]\nbindPort = 1", "f:2: unknown key 'auth.bindPort' "
	    "('bindPort' belongs to the top of the file, before the first "
	    "line in [ ]): json: unknown field \"bindPort\"");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"tcp\"\nserverAddr = "
	    "\"x\"", "f:4: unknown key 'serverAddr' ('serverAddr' belongs to "
	    "the top of the file, before the first line in [ ]): unmarshal "
	    "ProxyConfig error: json: unknown field \"serverAddr\"");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"tcp\"\nremotePrt = 1",
	    "f:4: unknown key 'remotePrt' (did you mean 'remotePort'?): "
	    "unmarshal ProxyConfig error: json: unknown field \"remotePrt\"");
	server_says("\"a\\nb\" = 1", "f:1: unknown key 'a\\x0ab': json: unknown "
	    "field \"a\\x0ab\"");
	from.strict = false;
	CHECK(config_client(&c, &from, &why) == 0);
	CHECK_STR(c.user, "u");
	config_client_release(&c);
	buf_free(&why);
}

TEST(config_files_of_other_formats_are_refused_in_words)
{
	struct client_conf c;

	CHECK(has(client_file(&c, "[common]\nserver_addr = x\n", "f.toml"),
	    "f.toml: not supported yet: INI files; write them as TOML"));
	config_client_release(&c);
	CHECK(has(client_file(&c, "", "frpc.ini"), "INI files"));
	config_client_release(&c);
	CHECK(has(client_file(&c, "serverAddr: x\n", "f"), "YAML files"));
	config_client_release(&c);
	CHECK(has(client_file(&c, "a = 1\n- x\n", "f"), "YAML files"));
	config_client_release(&c);
	CHECK_STR(client_file(&c, "{\"user\": \"u\"}", "f.yaml"), "");
	CHECK_STR(c.user, "u");
	config_client_release(&c);
	client_says("a = \n", "f:1:5: a value is missing here");
	client_says("{\n\"a\": }", "f:2:6: invalid JSON at '}'");
	client_says("{{ foo }}",
	    "f: template: line 1: function \"foo\" is not supported");
	server_says("[1]", "f:1: unknown key '1': json: unknown field \"1\"");
}

TEST(config_templates_are_filled_in_first)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, "auth.token = '{{ .Envs.TOKEN }}'\n"
	    "{{- range $_, $v := parseNumberRangePair \"6000-6001\" "
	    "\"7000-7001\" }}\n[[proxies]]\nname = \"t-{{ $v.First }}\"\n"
	    "type = \"tcp\"\nlocalPort = {{ $v.First }}\nremotePort = "
	    "{{ $v.Second }}\n{{- end }}\n", "f"), "");
	CHECK_STR(c.auth.token, "s+<x>");
	CHECK(c.proxies.n == 2 && c.proxies.v[1].remote_port == 7001);
	CHECK_STR(c.proxies.n == 2 ? c.proxies.v[1].name : NULL, "t-6001");
	config_client_release(&c);
}

TEST(config_validation_says_what_frp_says_all_at_once)
{
	server_says("bindPort = 70000\nauth.method = \"x\"\n"
		    "log.level = \"loud\"\nwebServer.port = -1\n"
		    "auth.additionalScopes = [\"X\"]\nkcpBindPort = 65536",
	    "invalid auth additional scopes, optional values are "
	    "[HeartBeats NewWorkConns]\n"
	    "webServer.port: port number -1 must be in the range 0..65535\n"
	    "kcpBindPort: port number 65536 must be in the range 0..65535\n"
	    "bindPort: port number 70000 must be in the range 0..65535\n"
	    "invalid auth method, optional values are [token oidc]\n"
	    "invalid log level, optional values are [trace debug info warn "
	    "error]");
	client_says("transport.heartbeatInterval = 30\n"
		    "transport.heartbeatTimeout = 20\n"
		    "transport.protocol = \"x\"\n"
		    "transport.wireProtocol = \"v3\"",
	    "invalid transport.wireProtocol, optional values are [v1 v2]\n"
	    "invalid transport.protocol, optional values are [tcp kcp quic "
	    "websocket wss]\n"
	    "invalid transport.heartbeatTimeout, heartbeat timeout should "
	    "not less than heartbeat interval");
	server_says("allowPorts = [{ single = 65536 }, { start = 9, end = 1 }]",
	    "allowPorts: port number 65536 must be in the range 0..65535");
	server_says("allowPorts = [{ start = 9, end = 1 }]", "");
	server_says("allowPorts = [{ from = 1 }]",
	    "f:1: unknown key 'from': json: unknown field \"from\"");
}

TEST(config_token_source_is_a_file_or_an_error)
{
	server_says("auth.token = \"t\"\nauth.tokenSource = { type = \"file\","
		    " file = { path = \"p\" } }",
	    "cannot specify both auth.token and auth.tokenSource");
	server_says("auth.tokenSource = { type = \"file\" }", "invalid "
	    "auth.tokenSource: file configuration is required when type is "
	    "'file'");
	server_says("auth.tokenSource = { type = \"file\", file = {} }",
	    "invalid auth.tokenSource: file path cannot be empty");
	server_says("auth.tokenSource = { type = \"x\" }", "invalid "
	    "auth.tokenSource: unsupported value source type: x (only 'file' "
	    "and 'exec' are supported)");
	server_says("auth.tokenSource = { type = \"exec\" }", "not supported "
	    "yet: auth.tokenSource.exec (a token from a command)");
	server_says("auth.tokenSource = { kind = \"file\" }",
	    "f:1: unknown key 'kind': json: unknown field \"kind\"");
}

TEST(config_names_get_the_user_in_front)
{
	struct client_conf c = { 0 };
	char user[] = "u", *name = config_full_name(&c, "a");

	CHECK_STR(name, "a");
	free(name);
	c.user = user;
	name = config_full_name(&c, "a");
	CHECK_STR(name, "u.a");
	free(name);
}

TEST(config_warns_of_tls_files_without_tls)
{
	struct client_conf c;
	struct buf b = { 0 };

	CHECK_STR(client_file(&c, "transport.tls = { enable = false, certFile "
	    "= \"a\", keyFile = \"b\", trustedCaFile = \"c\" }", "f"), "");
	config_client_warn(&c, &b);
	CHECK_STR(buf_text(&b),
	    "transport.tls.certFile is invalid when transport.tls.enable is "
	    "false\ntransport.tls.keyFile is invalid when "
	    "transport.tls.enable is false\ntransport.tls.trustedCaFile is "
	    "invalid when transport.tls.enable is false");
	buf_free(&b);
	config_client_release(&c);
}

TEST(config_ranges_are_ports)
{
	struct ranges r = { 0 };
	struct buf why = { 0 };

	CHECK(config_ranges(&r, "0-65535", &why) == 0 && r.n == 1);
	ranges_release(&r);
	CHECK(config_ranges(&r, "1-65536", &why) < 0 && r.n == 0);
	CHECK_STR(buf_text(&why),
	    "port number 65536 must be in the range 0..65535");
	buf_free(&why);
	CHECK(config_ranges(&r, "x", &why) < 0);
	buf_free(&why);
}

TEST(config_transports_are_there_or_are_named)
{
	struct client_conf c;

	client_says("transport.protocol = \"websocket\"", "");
	CHECK_STR(client_file(&c, "transport.protocol = \"wss\"", "f"), "");
	CHECK_STR(c.protocol, "wss");
	config_client_release(&c);
	CHECK_STR(client_file(&c, "transport.protocol = \"\"", "f"), "");
	CHECK_STR(c.protocol, "tcp");
	config_client_release(&c);
	client_says("transport.protocol = \"quic\"", "not supported yet: "
	    "transport.protocol = \"quic\" (the KCP and QUIC transports)");
	client_says("transport.protocol = \"WSS\"", "invalid "
	    "transport.protocol, optional values are [tcp kcp quic websocket "
	    "wss]");
}

TEST(config_proxy_url_is_that_of_the_environment_when_it_is_not_set)
{
	static char other[] = "http_proxyx=no", upper[] = "HTTP_PROXY=no",
		    url[] = "http_proxy=http://h:1";
	static char *const with[] = { other, upper, url, NULL };
	static const struct { const char *text, *want; } cases[] = {
		{ "", "http://h:1" },
		{ "transport.proxyURL = \"\"", "http://h:1" },
		{ "transport.proxyURL = \"x\"", "x" },
	};
	struct config_source from;
	struct client_conf c;
	struct buf why = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		from = source(cases[i].text, "f");
		from.env = with;
		CHECK(config_client(&c, &from, &why) == 0);
		CHECK_STR(c.proxy_url, cases[i].want);
		CHECK(c.proxy_from_env == (i < 2));
		config_client_release(&c);
	}
	url[sizeof("http_proxy=") - 1] = '\0';
	from = source("", "f");
	from.env = with;
	CHECK(config_client(&c, &from, &why) == 0);
	CHECK(!c.proxy_url);
	config_client_release(&c);
	buf_free(&why);
}

TEST(config_udp_packets_have_a_size_that_udp_can_carry)
{
	server_says("udpPacketSize = 65507", "");
	client_says("udpPacketSize = 1", "");
	server_says("udpPacketSize = 65508",
	    "udpPacketSize: 65508 must be in the range 1..65507");
	client_says("udpPacketSize = -1",
	    "udpPacketSize: -1 must be in the range 1..65507");
}

TEST(config_pins_are_one_text_or_a_list_and_checked)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, "transport.tls.pin = '" PIN "," PIN "'",
	    "f"), "");
	CHECK_STR(c.tls.pin, PIN "," PIN);
	config_client_release(&c);
	CHECK_STR(client_file(&c, "{ \"transport\": { \"tls\": { \"pin\": "
	    "[\"" PIN "\"] } } }", "f"), "");
	CHECK_STR(c.tls.pin, PIN);
	config_client_release(&c);
	CHECK_STR(client_file(&c, "transport.tls.pin = ''", "f"), "");
	CHECK(!c.tls.pin);
	config_client_release(&c);
	client_says("transport.tls.pin = 'x'", "transport.tls.pin: pin must "
	    "be \"sha256:\" and 64 hex digits, several with commas between");
	client_says("transport.tls.pin = []", "f:1: 'transport.tls.pin': the "
	    "list is empty");
	client_says("transport.tls.pin = ['']", "f:1: 'transport.tls.pin': "
	    "pin must be \"sha256:\" and 64 hex digits, several with commas "
	    "between");
	client_says("transport.tls.pin = ['" PIN "', 7]", "f:1: "
	    "'transport.tls.pin': it is a text in quotes, or a list of them");
	CHECK(has(client_file(&c, "transport.tls.pin = 7", "f"), "f:1: "
	    "'transport.tls.pin' cannot be of this type: "));
	config_client_release(&c);
}
