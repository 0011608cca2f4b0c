// SPDX-License-Identifier: MIT
/* The rows of every message, in the order in which frp writes them. */
#include "core/msg_fields.h"

#define ROW(kind_, type, member, name_) \
	{ .name = (name_), .kind = (kind_), .offset = offsetof(struct type, member) }
#define STR(type, member, name)	  ROW(FIELD_STR, type, member, name)
#define INT(type, member, name)	  ROW(FIELD_INT, type, member, name)
#define PORT(type, member, name)  ROW(FIELD_PORT, type, member, name)
#define BOOL(type, member, name)  ROW(FIELD_BOOL, type, member, name)
#define STRS(type, member, name)  ROW(FIELD_STRS, type, member, name)
#define PAIRS(type, member, name) ROW(FIELD_PAIRS, type, member, name)
/* A member that frp does not know and passes over; two ends of ours tell each
 * other with it that they take our datagram frames. */
#define OURS "culvert_datagrams"
#define END			  { .name = NULL }

static const struct field client_spec[] = {
	STR(msg_client_spec, type, "type"),
	BOOL(msg_client_spec, always_auth_pass, "always_auth_pass"),
	END,
};

static const struct field login[] = {
	STR(msg_login, version, "version"),
	STR(msg_login, hostname, "hostname"),
	STR(msg_login, os, "os"),
	STR(msg_login, arch, "arch"),
	STR(msg_login, user, "user"),
	STR(msg_login, privilege_key, "privilege_key"),
	INT(msg_login, timestamp, "timestamp"),
	STR(msg_login, run_id, "run_id"),
	STR(msg_login, client_id, "client_id"),
	PAIRS(msg_login, metas, "metas"),
	{ "client_spec", FIELD_OBJ, offsetof(struct msg_login, spec),
	    client_spec },
	INT(msg_login, pool_count, "pool_count"),
	INT(msg_login, signs, "culvert_signs"),
	END,
};

static const struct field login_resp[] = {
	STR(msg_login_resp, version, "version"),
	STR(msg_login_resp, run_id, "run_id"),
	STR(msg_login_resp, error, "error"),
	INT(msg_login_resp, early, "culvert_early"),
	END,
};

static const struct field new_proxy[] = {
	STR(msg_new_proxy, name, "proxy_name"),
	STR(msg_new_proxy, type, "proxy_type"),
	BOOL(msg_new_proxy, use_encryption, "use_encryption"),
	BOOL(msg_new_proxy, use_compression, "use_compression"),
	STR(msg_new_proxy, bandwidth_limit, "bandwidth_limit"),
	STR(msg_new_proxy, bandwidth_limit_mode, "bandwidth_limit_mode"),
	STR(msg_new_proxy, group, "group"),
	STR(msg_new_proxy, group_key, "group_key"),
	PAIRS(msg_new_proxy, metas, "metas"),
	PAIRS(msg_new_proxy, annotations, "annotations"),
	INT(msg_new_proxy, remote_port, "remote_port"),
	STRS(msg_new_proxy, custom_domains, "custom_domains"),
	STR(msg_new_proxy, subdomain, "subdomain"),
	STRS(msg_new_proxy, locations, "locations"),
	STR(msg_new_proxy, http_user, "http_user"),
	STR(msg_new_proxy, http_pwd, "http_pwd"),
	STR(msg_new_proxy, host_header_rewrite, "host_header_rewrite"),
	PAIRS(msg_new_proxy, headers, "headers"),
	PAIRS(msg_new_proxy, response_headers, "response_headers"),
	STR(msg_new_proxy, route_by_http_user, "route_by_http_user"),
	STR(msg_new_proxy, sk, "sk"),
	STRS(msg_new_proxy, allow_users, "allow_users"),
	STR(msg_new_proxy, multiplexer, "multiplexer"),
	INT(msg_new_proxy, ours, OURS),
	END,
};

static const struct field new_proxy_resp[] = {
	STR(msg_new_proxy_resp, name, "proxy_name"),
	STR(msg_new_proxy_resp, remote_addr, "remote_addr"),
	STR(msg_new_proxy_resp, error, "error"),
	END,
};

static const struct field close_proxy[] = {
	STR(msg_close_proxy, name, "proxy_name"),
	END,
};

static const struct field new_work_conn[] = {
	STR(msg_new_work_conn, run_id, "run_id"),
	STR(msg_new_work_conn, privilege_key, "privilege_key"),
	INT(msg_new_work_conn, timestamp, "timestamp"),
	END,
};

static const struct field start_work_conn[] = {
	STR(msg_start_work_conn, name, "proxy_name"),
	STR(msg_start_work_conn, src_addr, "src_addr"),
	STR(msg_start_work_conn, dst_addr, "dst_addr"),
	PORT(msg_start_work_conn, src_port, "src_port"),
	PORT(msg_start_work_conn, dst_port, "dst_port"),
	STR(msg_start_work_conn, error, "error"),
	INT(msg_start_work_conn, ours, OURS),
	END,
};

static const struct field new_visitor_conn[] = {
	STR(msg_new_visitor_conn, run_id, "run_id"),
	STR(msg_new_visitor_conn, name, "proxy_name"),
	STR(msg_new_visitor_conn, sign_key, "sign_key"),
	INT(msg_new_visitor_conn, timestamp, "timestamp"),
	BOOL(msg_new_visitor_conn, use_encryption, "use_encryption"),
	BOOL(msg_new_visitor_conn, use_compression, "use_compression"),
	INT(msg_new_visitor_conn, ours, OURS),
	STR(msg_new_visitor_conn, key, "culvert_key"),
	END,
};

static const struct field new_visitor_conn_resp[] = {
	STR(msg_new_visitor_conn_resp, name, "proxy_name"),
	STR(msg_new_visitor_conn_resp, error, "error"),
	INT(msg_new_visitor_conn_resp, ours, OURS),
	END,
};

static const struct field ping[] = {
	STR(msg_ping, privilege_key, "privilege_key"),
	INT(msg_ping, timestamp, "timestamp"),
	END,
};

static const struct field pong[] = {
	STR(msg_pong, error, "error"),
	END,
};

const struct field msg_addr_fields[] = {
	STR(msg_addr, ip, "IP"),
	INT(msg_addr, port, "Port"),
	STR(msg_addr, zone, "Zone"),
	END,
};

static const struct field udp_packet[] = {
	ROW(FIELD_BYTES, msg_udp_packet, content, "c"),
	ROW(FIELD_ADDR, msg_udp_packet, local, "l"),
	ROW(FIELD_ADDR, msg_udp_packet, remote, "r"),
	END,
};

static const struct field nat_hole_visitor[] = {
	STR(msg_nat_hole_visitor, transaction_id, "transaction_id"),
	STR(msg_nat_hole_visitor, name, "proxy_name"),
	BOOL(msg_nat_hole_visitor, pre_check, "pre_check"),
	STR(msg_nat_hole_visitor, protocol, "protocol"),
	STR(msg_nat_hole_visitor, sign_key, "sign_key"),
	INT(msg_nat_hole_visitor, timestamp, "timestamp"),
	STRS(msg_nat_hole_visitor, mapped_addrs, "mapped_addrs"),
	STRS(msg_nat_hole_visitor, assisted_addrs, "assisted_addrs"),
	END,
};

static const struct field nat_hole_client[] = {
	STR(msg_nat_hole_client, transaction_id, "transaction_id"),
	STR(msg_nat_hole_client, name, "proxy_name"),
	STR(msg_nat_hole_client, sid, "sid"),
	STRS(msg_nat_hole_client, mapped_addrs, "mapped_addrs"),
	STRS(msg_nat_hole_client, assisted_addrs, "assisted_addrs"),
	END,
};

static const struct field detect_behavior[] = {
	STR(msg_detect_behavior, role, "role"),
	INT(msg_detect_behavior, mode, "mode"),
	INT(msg_detect_behavior, ttl, "ttl"),
	INT(msg_detect_behavior, send_delay_ms, "send_delay_ms"),
	INT(msg_detect_behavior, read_timeout, "read_timeout"),
	ROW(FIELD_RANGES, msg_detect_behavior, candidate_ports,
	    "candidate_ports"),
	INT(msg_detect_behavior, send_random_ports, "send_random_ports"),
	INT(msg_detect_behavior, listen_random_ports, "listen_random_ports"),
	END,
};

static const struct field nat_hole_resp[] = {
	STR(msg_nat_hole_resp, transaction_id, "transaction_id"),
	STR(msg_nat_hole_resp, sid, "sid"),
	STR(msg_nat_hole_resp, protocol, "protocol"),
	STRS(msg_nat_hole_resp, candidate_addrs, "candidate_addrs"),
	STRS(msg_nat_hole_resp, assisted_addrs, "assisted_addrs"),
	{ "detect_behavior", FIELD_OBJ,
	    offsetof(struct msg_nat_hole_resp, behavior), detect_behavior },
	STR(msg_nat_hole_resp, error, "error"),
	END,
};

static const struct field nat_hole_sid[] = {
	STR(msg_nat_hole_sid, transaction_id, "transaction_id"),
	STR(msg_nat_hole_sid, sid, "sid"),
	BOOL(msg_nat_hole_sid, response, "response"),
	STR(msg_nat_hole_sid, nonce, "nonce"),
	END,
};

static const struct field nat_hole_report[] = {
	STR(msg_nat_hole_report, sid, "sid"),
	BOOL(msg_nat_hole_report, success, "success"),
	END,
};

static const struct field nothing[] = { END };

const struct msg_kind msg_kinds[MSG_TYPES] = {
	[MSG_LOGIN] = { 'o', 1, "Login", login },
	[MSG_LOGIN_RESP] = { '1', 2, "LoginResp", login_resp },
	[MSG_NEW_PROXY] = { 'p', 3, "NewProxy", new_proxy },
	[MSG_NEW_PROXY_RESP] = { '2', 4, "NewProxyResp", new_proxy_resp },
	[MSG_CLOSE_PROXY] = { 'c', 5, "CloseProxy", close_proxy },
	[MSG_NEW_WORK_CONN] = { 'w', 6, "NewWorkConn", new_work_conn },
	[MSG_REQ_WORK_CONN] = { 'r', 7, "ReqWorkConn", nothing },
	[MSG_START_WORK_CONN] = { 's', 8, "StartWorkConn", start_work_conn },
	[MSG_NEW_VISITOR_CONN] = { 'v', 9, "NewVisitorConn",
	    new_visitor_conn },
	[MSG_NEW_VISITOR_CONN_RESP] = { '3', 10, "NewVisitorConnResp",
	    new_visitor_conn_resp },
	[MSG_PING] = { 'h', 11, "Ping", ping },
	[MSG_PONG] = { '4', 12, "Pong", pong },
	[MSG_UDP_PACKET] = { 'u', 13, "UDPPacket", udp_packet },
	[MSG_NAT_HOLE_VISITOR] = { 'i', 14, "NatHoleVisitor",
	    nat_hole_visitor },
	[MSG_NAT_HOLE_CLIENT] = { 'n', 15, "NatHoleClient", nat_hole_client },
	[MSG_NAT_HOLE_RESP] = { 'm', 16, "NatHoleResp", nat_hole_resp },
	[MSG_NAT_HOLE_SID] = { '5', 17, "NatHoleSid", nat_hole_sid },
	[MSG_NAT_HOLE_REPORT] = { '6', 18, "NatHoleReport", nat_hole_report },
};

int
msg_type_of_byte(uint8_t byte)
{
	int i;

	for (i = 0; i < MSG_TYPES; i++)
		if (msg_kinds[i].byte == byte)
			return i;
	return -1;
}

uint8_t
msg_byte(enum msg_type type)
{
	return msg_kinds[type].byte;
}

const char *
msg_name(enum msg_type type)
{
	return msg_kinds[type].name;
}
