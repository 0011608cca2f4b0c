/* One message of each kind with every member set, as frp writes it. */
#ifndef TEST_CORE_MSG_ALL_H
#define TEST_CORE_MSG_ALL_H

#include <stdlib.h>
#include <string.h>

#include "core/msg.h"

static const char *const msg_full[MSG_TYPES] = {
	[MSG_LOGIN] = "{\"version\":\"0.61.0\",\"hostname\":\"h\","
	    "\"os\":\"linux\",\"arch\":\"amd64\",\"user\":\"u\","
	    "\"privilege_key\":\"k\",\"timestamp\":1700000000,"
	    "\"run_id\":\"r\",\"client_id\":\"c\","
	    "\"metas\":{\"a\":\"1\",\"b\":\"\"},"
	    "\"client_spec\":{\"type\":\"ssh-tunnel\","
	    "\"always_auth_pass\":true},\"pool_count\":5,"
	    "\"culvert_signs\":1}",
	[MSG_LOGIN_RESP] = "{\"version\":\"0.61.0\",\"run_id\":\"r\","
	    "\"error\":\"e\"}",
	[MSG_NEW_PROXY] = "{\"proxy_name\":\"n\",\"proxy_type\":\"tcp\","
	    "\"use_encryption\":true,\"use_compression\":true,"
	    "\"bandwidth_limit\":\"1MB\",\"bandwidth_limit_mode\":\"server\","
	    "\"group\":\"g\",\"group_key\":\"gk\",\"metas\":{\"m\":\"1\"},"
	    "\"annotations\":{\"a\":\"2\"},\"remote_port\":6000,"
	    "\"custom_domains\":[\"x\",\"y\"],\"subdomain\":\"s\","
	    "\"locations\":[\"/\"],\"http_user\":\"hu\",\"http_pwd\":\"hp\","
	    "\"host_header_rewrite\":\"hr\",\"headers\":{\"h\":\"3\"},"
	    "\"response_headers\":{\"r\":\"4\"},"
	    "\"route_by_http_user\":\"ru\",\"sk\":\"secret\","
	    "\"allow_users\":[\"*\"],\"multiplexer\":\"httpconnect\"}",
	[MSG_NEW_PROXY_RESP] = "{\"proxy_name\":\"n\","
	    "\"remote_addr\":\":6000\",\"error\":\"e\"}",
	[MSG_CLOSE_PROXY] = "{\"proxy_name\":\"n\"}",
	[MSG_NEW_WORK_CONN] = "{\"run_id\":\"r\",\"privilege_key\":\"k\","
	    "\"timestamp\":-1}",
	[MSG_REQ_WORK_CONN] = "{}",
	[MSG_START_WORK_CONN] = "{\"proxy_name\":\"n\",\"src_addr\":\"s\","
	    "\"dst_addr\":\"d\",\"src_port\":65535,\"dst_port\":1,"
	    "\"error\":\"e\"}",
	[MSG_NEW_VISITOR_CONN] = "{\"run_id\":\"r\",\"proxy_name\":\"n\","
	    "\"sign_key\":\"k\",\"timestamp\":9223372036854775807,"
	    "\"use_encryption\":true,\"use_compression\":true,"
	    "\"culvert_key\":\"c\"}",
	[MSG_NEW_VISITOR_CONN_RESP] = "{\"proxy_name\":\"n\","
	    "\"error\":\"e\"}",
	[MSG_PING] = "{\"privilege_key\":\"k\","
	    "\"timestamp\":-9223372036854775808}",
	[MSG_PONG] = "{\"error\":\"e\"}",
	[MSG_UDP_PACKET] = "{\"c\":\"aGk=\","
	    "\"l\":{\"IP\":\"::1\",\"Port\":1,\"Zone\":\"eth0\"},"
	    "\"r\":{\"IP\":\"203.0.113.9\",\"Port\":51000,\"Zone\":\"\"}}",
	[MSG_NAT_HOLE_VISITOR] = "{\"transaction_id\":\"t\","
	    "\"proxy_name\":\"n\",\"pre_check\":true,\"protocol\":\"quic\","
	    "\"sign_key\":\"k\",\"timestamp\":1,\"mapped_addrs\":[\"a\"],"
	    "\"assisted_addrs\":[\"b\",\"c\"]}",
	[MSG_NAT_HOLE_CLIENT] = "{\"transaction_id\":\"t\","
	    "\"proxy_name\":\"n\",\"sid\":\"s\",\"mapped_addrs\":[\"a\"],"
	    "\"assisted_addrs\":[\"b\"]}",
	[MSG_NAT_HOLE_RESP] = "{\"transaction_id\":\"t\",\"sid\":\"s\","
	    "\"protocol\":\"kcp\",\"candidate_addrs\":[\"a\"],"
	    "\"assisted_addrs\":[\"b\"],\"detect_behavior\":{"
	    "\"role\":\"sender\",\"mode\":1,\"ttl\":7,\"send_delay_ms\":2,"
	    "\"read_timeout\":3,\"candidate_ports\":["
	    "{\"from\":1,\"to\":2},{\"from\":3},{\"to\":4},{}],"
	    "\"send_random_ports\":5,\"listen_random_ports\":6},"
	    "\"error\":\"e\"}",
	[MSG_NAT_HOLE_SID] = "{\"transaction_id\":\"t\",\"sid\":\"s\","
	    "\"response\":true,\"nonce\":\"n\"}",
	[MSG_NAT_HOLE_REPORT] = "{\"sid\":\"s\",\"success\":true}",
};

/* From memory of just the size, so that a sanitizer sees its end. */
static inline int
msg_read(struct msg *m, enum msg_type type, const char *text, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);
	int r;

	memcpy(p, text, n);
	r = msg_decode(m, type, p, n);
	free(p);
	return r;
}

/* What a text becomes when it is read and written again, or NULL: to be
 * freed. */
static inline char *
msg_again(enum msg_type type, const char *text)
{
	struct buf b = { 0 };
	struct msg m;

	if (msg_read(&m, type, text, strlen(text)) < 0)
		return NULL;
	msg_encode(&m, &b);
	msg_release(&m);
	buf_text(&b);
	return (char *)b.data; /* nothing was taken from the front */
}

#endif
