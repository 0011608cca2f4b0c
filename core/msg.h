/* The messages of frp: a struct and a row of fields each; one encoder and one
 * decoder for all.  Absent texts are NULL after decoding; NULL and "" are
 * both left out when encoding, as Go's omitempty does. */
#ifndef CORE_MSG_H
#define CORE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/strings.h"

enum msg_type {
	MSG_LOGIN,
	MSG_LOGIN_RESP,
	MSG_NEW_PROXY,
	MSG_NEW_PROXY_RESP,
	MSG_CLOSE_PROXY,
	MSG_NEW_WORK_CONN,
	MSG_REQ_WORK_CONN,
	MSG_START_WORK_CONN,
	MSG_NEW_VISITOR_CONN,
	MSG_NEW_VISITOR_CONN_RESP,
	MSG_PING,
	MSG_PONG,
	MSG_UDP_PACKET,
	MSG_NAT_HOLE_VISITOR,
	MSG_NAT_HOLE_CLIENT,
	MSG_NAT_HOLE_RESP,
	MSG_NAT_HOLE_SID,
	MSG_NAT_HOLE_REPORT,
	MSG_TYPES,
};

struct msg_client_spec {
	char *type;
	bool always_auth_pass; /* never believed when it comes by network */
};

struct msg_login {
	char *version, *hostname, *os, *arch, *user, *privilege_key;
	int64_t timestamp;
	char *run_id, *client_id;
	struct pairs metas;
	struct msg_client_spec spec;
	int64_t pool_count;
	int64_t signs; /* ours: it proves the token for each stream */
};

struct msg_login_resp {
	char *version, *run_id, *error;
	int64_t early; /* ours: bytes behind NewVisitorConn are kept for the
			  service, and come after the answer to that */
};

struct msg_new_proxy {
	char *name, *type;
	bool use_encryption, use_compression;
	char *bandwidth_limit, *bandwidth_limit_mode, *group, *group_key;
	struct pairs metas, annotations;
	int64_t remote_port;
	struct strings custom_domains;
	char *subdomain;
	struct strings locations;
	char *http_user, *http_pwd, *host_header_rewrite;
	struct pairs headers, response_headers;
	char *route_by_http_user, *sk;
	struct strings allow_users;
	char *multiplexer;
	int64_t ours; /* not frp's: this end takes our datagram frames */
};

struct msg_new_proxy_resp {
	char *name, *remote_addr, *error;
};

struct msg_close_proxy {
	char *name;
};

struct msg_new_work_conn {
	char *run_id, *privilege_key;
	int64_t timestamp;
};

struct msg_start_work_conn {
	char *name, *src_addr, *dst_addr;
	int64_t src_port, dst_port;
	char *error;
	int64_t ours;
};

struct msg_new_visitor_conn {
	char *run_id, *name, *sign_key;
	char *key; /* ours: the token's; sign_key is the secret's */
	int64_t timestamp;
	bool use_encryption, use_compression;
	int64_t ours;
};

struct msg_new_visitor_conn_resp {
	char *name, *error;
	int64_t ours;
};

struct msg_ping {
	char *privilege_key;
	int64_t timestamp;
};

struct msg_pong {
	char *error;
};

struct msg_addr {
	bool present;
	char *ip;
	int64_t port;
	char *zone;
};

struct msg_bytes {
	uint8_t *p;
	size_t n;
};

struct msg_udp_packet {
	struct msg_bytes content;
	struct msg_addr local, remote;
};

struct msg_nat_hole_visitor {
	char *transaction_id, *name;
	bool pre_check;
	char *protocol, *sign_key;
	int64_t timestamp;
	struct strings mapped_addrs, assisted_addrs;
};

struct msg_nat_hole_client {
	char *transaction_id, *name, *sid;
	struct strings mapped_addrs, assisted_addrs;
};

struct msg_port_range {
	int64_t from, to;
};

struct msg_port_ranges {
	struct msg_port_range *v;
	size_t n;
};

struct msg_detect_behavior {
	char *role;
	int64_t mode, ttl, send_delay_ms, read_timeout;
	struct msg_port_ranges candidate_ports;
	int64_t send_random_ports, listen_random_ports;
};

struct msg_nat_hole_resp {
	char *transaction_id, *sid, *protocol;
	struct strings candidate_addrs, assisted_addrs;
	struct msg_detect_behavior behavior;
	char *error;
};

struct msg_nat_hole_sid {
	char *transaction_id, *sid;
	bool response;
	char *nonce;
};

struct msg_nat_hole_report {
	char *sid;
	bool success;
};

struct msg {
	enum msg_type type;
	union {
		struct msg_login login;
		struct msg_login_resp login_resp;
		struct msg_new_proxy new_proxy;
		struct msg_new_proxy_resp new_proxy_resp;
		struct msg_close_proxy close_proxy;
		struct msg_new_work_conn new_work_conn;
		struct msg_start_work_conn start_work_conn;
		struct msg_new_visitor_conn new_visitor_conn;
		struct msg_new_visitor_conn_resp new_visitor_conn_resp;
		struct msg_ping ping;
		struct msg_pong pong;
		struct msg_udp_packet udp_packet;
		struct msg_nat_hole_visitor nat_hole_visitor;
		struct msg_nat_hole_client nat_hole_client;
		struct msg_nat_hole_resp nat_hole_resp;
		struct msg_nat_hole_sid nat_hole_sid;
		struct msg_nat_hole_report nat_hole_report;
	} u;
	char *text; /* owns every text of a decoded message */
	size_t weight; /* bytes that one keeps with it, at most */
};

/* <0 when no message has that number. */
int msg_type_of_byte(uint8_t byte);
uint8_t msg_byte(enum msg_type type);
const char *msg_name(enum msg_type type);

/* Puts the JSON body.  The message's texts are only read. */
void msg_encode(const struct msg *m, struct buf *to);
/* 0, or <0 and m needs no release. */
int msg_decode(struct msg *m, enum msg_type type, const uint8_t *p, size_t n);
void msg_release(struct msg *m); /* only of decoded messages */

#endif
