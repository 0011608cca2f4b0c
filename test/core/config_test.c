// SPDX-License-Identifier: MIT
/* Every row is tried in loops over the tables; the special cases follow. */
#include "core/config.h"

#include "core/mem.h"
#include "test/t.h"

static const struct config_row tcp_rows[] = {
	{ .path = "remotePort", .kind = CONFIG_PORT,
	    .offset = offsetof(struct proxy_conf, remote_port) },
	{ 0 }
};
static const struct config_type tcp = { "tcp", tcp_rows, NULL };
static const struct config_type *const types[] = { &tcp, NULL };

static char token[] = "TOKEN=s+<x>";
static char *const env[] = { token, NULL };

static struct config_source
source(const char *text, const char *file)
{
	return (struct config_source){ .text = text, .n = strlen(text),
		.file = file, .strict = true, .env = env, .types = types };
}

/* The reasons, or "" when all is well; borrowed until the next call. */
static const char *
server_file(struct server_conf *c, const char *text, const char *file)
{
	static struct buf why;
	struct config_source from = source(text, file);
	int r;

	buf_free(&why);
	r = config_server(c, &from, &why);
	CHECK((r < 0) == (buf_len(&why) > 0));
	return buf_text(&why);
}

static const char *
client_file(struct client_conf *c, const char *text, const char *file)
{
	static struct buf why;
	struct config_source from = source(text, file);
	int r;

	buf_free(&why);
	r = config_client(c, &from, &why);
	CHECK((r < 0) == (buf_len(&why) > 0));
	return buf_text(&why);
}

static void
server_says(const char *text, const char *want)
{
	struct server_conf c;

	CHECK_STR(server_file(&c, text, "f"), want);
	config_server_release(&c);
}

static void
client_says(const char *text, const char *want)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, text, "f"), want);
	config_client_release(&c);
}

static bool
has(const char *text, const char *part)
{
	bool found = strstr(text, part) != NULL;

	if (!found)
		printf("    '%s' is not in '%s'\n", part, text);
	return found;
}

/* A value that the row takes and that is not its default. */
static const char *
other_value(const struct config_row *row)
{
	switch (row->kind) {
	case CONFIG_STR:
		return strcmp(row->path, "auth.method") == 0 ? "\"oidc\"" :
		    strcmp(row->path, "log.level") == 0	 ? "\"warn\"" :
		    strcmp(row->path, "transport.protocol") == 0 ? "\"kcp\"" :
		    strcmp(row->path, "transport.wireProtocol") == 0 ?
							   "\"v2\"" :
							   "\"other\"";
	case CONFIG_INT:
	case CONFIG_PORT:
		return "4321";
	case CONFIG_BOOL:
		return row->number ? "false" : "true";
	case CONFIG_STRS:
		return "[\"one\", \"two\"]";
	case CONFIG_PAIRS:
		return "{ b = \"2\", a = \"1\" }";
	case CONFIG_RANGES:
		return "[{ start = 1, end = 2 }, { single = 3 }]";
	case CONFIG_SCOPES:
		return "[\"HeartBeats\", \"NewWorkConns\"]";
	case CONFIG_SOURCE:
		return "{ type = \"file\", file = { path = \"p\" } }";
	case CONFIG_PROXIES:
	case CONFIG_LIST:
		return "[{ a = 1 }]";
	case CONFIG_OBJECT:
		return "{ a = \"b\" }";
	}
	return NULL;
}

static bool
is_set(const struct config_row *row, const void *of)
{
	const char *at = (const char *)of + row->offset;
	const struct auth_conf *a = (const void *)at;
	const struct ranges *r = (const void *)at;
	const struct strings *s = (const void *)at;
	const struct pairs *p = (const void *)at;
	const char *text;

	switch (row->kind) {
	case CONFIG_STR:
		text = *(char *const *)at;
		return text &&
		    (!strcmp(text, "other") || !strcmp(text, "warn"));
	case CONFIG_INT:
	case CONFIG_PORT:
		return *(const int64_t *)at == 4321;
	case CONFIG_BOOL:
		return *(const bool *)at == !row->number;
	case CONFIG_STRS:
		return s->n == 2 && !strcmp(s->v[1], "two");
	case CONFIG_PAIRS:
		return p->n == 2 && !strcmp(p->v[0], "a") &&
		    !strcmp(p->v[1], "1") && !strcmp(p->v[2], "b");
	case CONFIG_RANGES:
		return r->n == 2 && r->v[0].last == 2 && r->v[1].first == 3;
	case CONFIG_SCOPES:
		return a->heartbeats && a->new_work_conns;
	case CONFIG_SOURCE:
		return a->token_file && !strcmp(a->token_file, "p");
	default:
		return false;
	}
}

static bool
is_default(const struct config_row *row, const void *of)
{
	const char *at = (const char *)of + row->offset;
	const char *text;

	switch (row->kind) {
	case CONFIG_STR:
		text = *(char *const *)at;
		return row->text ? text && !strcmp(text, row->text) : !text;
	case CONFIG_INT:
	case CONFIG_PORT:
		return *(const int64_t *)at == row->number;
	case CONFIG_BOOL:
		return *(const bool *)at == !!row->number;
	default:
		return true;
	}
}

/* Derived when they are not set, so no default stands in the row. */
static bool
is_derived(const struct config_row *row)
{
	return strstr(row->path, "eartbeat") != NULL ||
	    strcmp(row->path, "proxyBindAddr") == 0;
}

/* key = value, in letters of the other case. */
static char *
line(const struct config_row *row, const char *value, bool upper)
{
	struct buf b = { 0 };
	char *text, *p;

	buf_printf(&b, "%s = ", row->path);
	text = buf_text(&b);
	for (p = text; upper && *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p -= 0x20;
	buf_printf(&b, "%s\n", value);
	text = mem_dup(buf_text(&b));
	buf_free(&b);
	return text;
}

static void
try_row(const struct config_row *row, const char *text, const void *c,
    const char *why)
{
	char want[160];
	bool ok;

	snprintf(want, sizeof(want), "not supported yet: %s ", row->path);
	if (row->later)
		ok = CHECK(has(why, want)) && CHECK(has(why, row->later));
	else
		ok = CHECK(!*why) && (row->offset == CONFIG_UNUSED ||
		    CHECK(is_set(row, c)));
	if (!ok)
		printf("    %s    %s\n", text, why);
}

TEST(config_every_server_row_changes_its_field_or_is_refused)
{
	const struct config_row *row;
	struct server_conf c;
	int upper;

	for (upper = 0; upper < 2; upper++)
		for (row = config_server_rows(); row->path; row++) {
			char *text = line(row, other_value(row), upper);
			const char *why = server_file(&c, text, "f");

			try_row(row, text, &c, why);
			config_server_release(&c);
			free(text);
		}
}

TEST(config_every_client_row_changes_its_field_or_is_refused)
{
	const struct config_row *row;
	struct client_conf c;
	int upper;

	for (upper = 0; upper < 2; upper++)
		for (row = config_client_rows(); row->path; row++) {
			char *text = line(row, other_value(row), upper);
			const char *why = client_file(&c, text, "f");

			if (row->kind != CONFIG_PROXIES)
				try_row(row, text, &c, why);
			config_client_release(&c);
			free(text);
		}
}

TEST(config_every_proxy_row_changes_its_field_or_is_refused)
{
	const struct config_row *row;
	struct client_conf c;
	char text[256];

	for (row = config_proxy_rows(); row->path; row++) {
		const char *why;

		if (!strcmp(row->path, "type") || !strcmp(row->path, "name") ||
		    !strcmp(row->path, "enabled"))
			continue;
		snprintf(text, sizeof(text), "[[proxies]]\nname = \"n\"\n"
		    "type = \"tcp\"\n%s = %s\n", row->path, other_value(row));
		why = client_file(&c, text, "f");
		CHECK(c.nproxies == 1);
		if (c.nproxies)
			try_row(row, text, &c.proxies[0], why);
		if (row->later)
			CHECK(has(why, "proxy n: "));
		config_client_release(&c);
	}
}

static void
put_default(struct buf *b, const struct config_row *row)
{
	if (row->kind == CONFIG_STR)
		buf_printf(b, "%s = \"%s\"\n", row->path,
		    row->text ? row->text : "");
	else if (row->kind == CONFIG_INT || row->kind == CONFIG_PORT)
		buf_printf(b, "%s = %d\n", row->path, (int)row->number);
	else if (row->kind == CONFIG_BOOL)
		buf_printf(b, "%s = %s\n", row->path,
		    row->number ? "true" : "false");
	else if (row->kind == CONFIG_OBJECT || row->kind == CONFIG_PAIRS)
		buf_printf(b, "%s = {}\n", row->path);
	else if (row->kind != CONFIG_SOURCE)
		buf_printf(b, "%s = []\n", row->path);
}

TEST(config_defaults_are_those_of_the_rows_and_may_be_written_out)
{
	const struct config_row *row;
	struct server_conf s;
	struct client_conf c;
	struct buf b = { 0 };

	CHECK_STR(server_file(&s, "", "f"), "");
	for (row = config_server_rows(); row->path; row++) {
		if (row->offset != CONFIG_UNUSED && !is_derived(row) &&
		    !CHECK(is_default(row, &s)))
			printf("    %s\n", row->path);
		put_default(&b, row);
	}
	config_server_release(&s);
	CHECK_STR(server_file(&s, buf_text(&b), "f"), "");
	config_server_release(&s);
	buf_free(&b);
	CHECK_STR(client_file(&c, "\n# nothing\n", "f.yaml"), "f.yaml: not "
	    "supported yet: YAML files; write the settings as TOML or JSON");
	config_client_release(&c);
	CHECK_STR(client_file(&c, "", "f"), "");
	for (row = config_client_rows(); row->path; row++) {
		if (row->offset != CONFIG_UNUSED && !is_derived(row) &&
		    !CHECK(is_default(row, &c)))
			printf("    %s\n", row->path);
		put_default(&b, row);
	}
	config_client_release(&c);
	CHECK_STR(client_file(&c, buf_text(&b), "f"), "");
	config_client_release(&c);
	buf_free(&b);
}

TEST(config_later_rows_take_zero_and_nothing)
{
	server_says("kcpBindPort = 0\nvhostHTTPTimeout = 0\nsubDomainHost = "
		    "\"\"\nhttpPlugins = []\n[webServer]\nport = 0\n"
		    "addr = \"0.0.0.0\"\n", "");
	client_says("transport.protocol = \"tcp\"\ntransport.wireProtocol = "
		    "\"v1\"\nudpPacketSize = 1500\nvisitors = []\n"
		    "[transport.quic]\n", "");
	client_says("[[proxies]]\nname = \"a\"\ntype = \"tcp\"\n"
		    "transport.useEncryption = false\n[proxies.plugin]\n"
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
	server_says("\"a\\nb\" = 1", "f:1: unknown key 'a?b': json: unknown "
	    "field \"a?b\"");
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
	CHECK(c.nproxies == 2 && c.proxies[1].remote_port == 7001);
	CHECK_STR(c.nproxies == 2 ? c.proxies[1].name : NULL, "t-6001");
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
	    "invalid transport.protocol, optional values are [tcp kcp quic "
	    "websocket wss]\n"
	    "invalid transport.wireProtocol, optional values are [v1 v2]\n"
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

#define PROXY(name, more) \
	"[[proxies]]\nname = \"" name "\"\ntype = \"tcp\"\n" more "\n"

TEST(config_proxies_are_filtered_and_then_checked)
{
	struct client_conf c;

	CHECK_STR(client_file(&c, "start = [\"b\", \"c\"]\n"
	    PROXY("a", "localPort = 70000") PROXY("b", "localPort = 1")
	    PROXY("c", "enabled = false\nlocalPort = -1")
	    "[[proxies]]\nname = \"d\"\ntype = \"udp\"\nremotePort = 1\n",
	    "f"), "");
	CHECK(c.nproxies == 1 && c.proxies[0].local_port == 1);
	CHECK_STR(c.proxies[0].local_ip, "127.0.0.1");
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
	client_says("[[proxies]]\nname = \"a\"\ntype = \"udp\"\n"
		    "remotePort = 1", "proxy a: not supported yet: proxy type "
				      "'udp'");
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
	static const char *const names[] = { "udp", "http", "https", "tcpmux",
		"stcp", "sudp", "xtcp" };
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

TEST(config_included_files_add_proxies_only)
{
	struct config_source main_file = source("user = \"u\"\nincludes = "
	    "[\"d/*.toml\"]\n" PROXY("a", ""), "f");
	struct config_source more = source("user = \"v\"\n"
	    "transport.protocol = \"kcp\"\n" PROXY("b", ""), "g");
	struct config_source bad = source("nope = 1", "h");
	struct config_source visit = source("[[visitors]]\nname = \"v\"", "i");
	struct client_conf c;
	struct buf why = { 0 };

	CHECK(config_client_read(&c, &main_file, &why) == 0);
	CHECK(c.includes.n == 1);
	CHECK(config_client_add(&c, &more, &why) == 0);
	CHECK(config_client_finish(&c, types, &why) == 0);
	CHECK(c.nproxies == 2);
	CHECK_STR(c.user, "u");
	CHECK_STR(c.proxies[1].name, "b");
	CHECK(config_client_add(&c, &bad, &why) < 0);
	CHECK_STR(buf_text(&why),
	    "h:1: unknown key 'nope': json: unknown field \"nope\"");
	buf_free(&why);
	CHECK(config_client_add(&c, &visit, &why) == 0);
	CHECK(config_client_finish(&c, types, &why) < 0);
	CHECK_STR(buf_text(&why), "not supported yet: visitors (visitors)");
	buf_free(&why);
	config_client_release(&c);
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
