// SPDX-License-Identifier: MIT
/* The rows of the client: for all of it, for a worker, for a one-line form. */
#include "cmd/frpc.h"

const struct opt frpc_global_opts[] = {
	{ 0, "allow-unsafe", "", "allowed unsafe features", &opt_list, 0,
	  "unsafe features" },
	{ 'c', "config", "./frpc.ini", "read the settings from this file; "
	  "without it ./frpc.toml is tried first", &opt_str, FRPC_AT(config),
	  NULL },
	{ 0, "config-dir", "", "run a client for each file in this directory",
	  &opt_str, 0, "one client per file" },
	{ 0, "strict-config", "true", "refuse keys that are not known",
	  &opt_bool, FRPC_AT(strict), NULL },
	{ 'v', "version", NULL, "print the version", &opt_bool,
	  FRPC_AT(version), NULL },
	{ 0 },
};

const struct opt frpc_worker_opts[] = {
	{ 0, "local-ip", "127.0.0.1", "worker: address of the service",
	  &opt_str, FRPC_AT(worker_ip), NULL },
	{ 0, "local-port", "22", "worker: port of the service", &opt_int,
	  FRPC_AT(worker_port), NULL },
	{ 0, "name", NULL, "worker: name of the tunnel", &opt_str,
	  FRPC_AT(worker_name), NULL },
	{ 0, "port-forwarding-config", NULL, "worker: publish one service on "
	  "a port of a range, instead of what $PORT_FORWARDING_CONFIG says",
	  &opt_str, FRPC_AT(worker), NULL },
	{ 0, "token-file", NULL, "worker: file that holds the token",
	  &opt_str, FRPC_AT(worker_token_file), NULL },
	{ 0 },
};

const struct opt frpc_link_opts[] = {
	{ 0, "client-id", NULL, "lasting name of this client", &opt_str,
	  FRPC_AT(conf.client_id), NULL },
	{ 0, "disable-log-color", "false", "no colors on the console",
	  &opt_bool, FRPC_AT(conf.log.no_color), NULL },
	{ 0, "dns-server", NULL, "ask this name server instead of the "
	  "system's", &opt_str, FRPC_AT(conf.dns_server), NULL },
	{ 0, "log-file", "console", "where the log goes", &opt_str,
	  FRPC_AT(conf.log.to), NULL },
	{ 0, "log-level", "info", "trace, debug, info, warn or error",
	  &opt_str, FRPC_AT(conf.log.level), NULL },
	{ 0, "log-max-days", "3", "days that old log files are kept", &opt_int,
	  FRPC_AT(conf.log.max_days), NULL },
	{ 'p', "protocol", "tcp", "how to reach the server: tcp, websocket or "
	  "wss", &opt_str, FRPC_AT(conf.protocol), NULL },
	{ 's', "server-addr", "127.0.0.1", "host of the server", &opt_str,
	  FRPC_AT(conf.server_addr), NULL },
	{ 'P', "server-port", "7000", "port of the server", &opt_int,
	  FRPC_AT(conf.server_port), NULL },
	{ 0, "tls-enable", "true", "TLS on the way to the server", &opt_bool,
	  FRPC_AT(conf.tls_enable), NULL },
	{ 0, "tls-pin", NULL, "accept only the server with one of these "
	  "keys, sha256:HASH,...", &opt_str, FRPC_AT(conf.tls.pin), NULL },
	{ 0, "tls-server-name", NULL, "name in the server's certificate",
	  &opt_str, FRPC_AT(conf.tls.server_name), NULL },
	{ 't', "token", NULL, "secret that the server knows", &opt_str,
	  FRPC_AT(conf.auth.token), NULL },
	{ 0, "token-file", NULL, "file that holds the token", &opt_str,
	  FRPC_AT(conf.auth.token_file), NULL },
	{ 'u', "user", NULL, "prefix for the proxy's name", &opt_str,
	  FRPC_AT(conf.user), NULL },
	{ 0 },
};

#define SEAL_OPTS                                                          \
	{ 0, "uc", "false", "compress", &opt_bool,                         \
	  FRPC_AT(proxy.use_compression), NULL },                          \
	{ 0, "ue", "false", "encrypt once more", &opt_bool,                \
	  FRPC_AT(proxy.use_encryption), NULL }
#define SECRET_OPT                                                         \
	{ 0, "sk", "", "secret that the proxy and its visitors share",     \
	  &opt_str, FRPC_AT(proxy.secret_key), NULL }

const struct opt frpc_proxy_opts[] = {
	{ 0, "annotations", NULL, "notes on the proxy, as in a=1,b=2",
	  &opt_pairs, FRPC_AT(proxy.annotations), NULL },
	{ 0, "bandwidth-limit", "", "most bytes a second, as in 1MB",
	  &opt_str, 0, "bandwidth limit" },
	{ 0, "bandwidth-limit-mode", "client", "which end limits", &opt_str, 0,
	  "bandwidth limit" },
	{ 'i', "local-ip", "127.0.0.1", "address of the service", &opt_str,
	  FRPC_AT(proxy.local_ip), NULL },
	{ 'l', "local-port", "0", "port of the service", &opt_int,
	  FRPC_AT(proxy.local_port), NULL },
	{ 0, "metadatas", NULL, "facts for the server, as in a=1,b=2",
	  &opt_pairs, FRPC_AT(proxy.metas), NULL },
	{ 'n', "proxy-name", "", "name of the proxy", &opt_str,
	  FRPC_AT(proxy.name), NULL },
	SEAL_OPTS,
	{ 0 },
};

const struct opt frpc_port_opts[] = {
	{ 'r', "remote-port", "0", "port on the server, 0 lets it pick",
	  &opt_int, FRPC_AT(proxy.remote_port), NULL },
	{ 0 },
};

const struct opt frpc_secret_opts[] = {
	{ 0, "allow-users", "", "users that may visit, * for all", &opt_list,
	  FRPC_AT(proxy.allow_users), NULL },
	SECRET_OPT,
	{ 0 },
};

const struct opt frpc_visitor_opts[] = {
	{ 0, "bind-addr", "127.0.0.1", "address to listen on", &opt_str,
	  FRPC_AT(proxy.bind_addr), NULL },
	{ 0, "bind-port", "0", "port to listen on", &opt_int,
	  FRPC_AT(proxy.bind_port), NULL },
	{ 0, "server-name", "", "name of the proxy to visit", &opt_str,
	  FRPC_AT(proxy.server_name), NULL },
	{ 0, "server-user", "", "user that the proxy belongs to", &opt_str,
	  FRPC_AT(proxy.server_user), NULL },
	{ 'n', "visitor-name", "", "name of the visitor", &opt_str,
	  FRPC_AT(proxy.name), NULL },
	SECRET_OPT,
	SEAL_OPTS,
	{ 0 },
};

const struct opt frpc_offer_opts[] = {
	{ 0, "allow", NULL, "offer: what may be reached: ports of this host, "
	  "hosts and nets, as in 22,8000-9000,db:5432,10.0.0.0/8:22",
	  &opt_str, FRPC_AT(offer_allow), NULL },
	{ 0, "allow-remote", NULL, "offer: ports of this host's loopback that "
	  "visitors may open, as in 40000-40100,6006", &opt_str,
	  FRPC_AT(offer_allow_remote), NULL },
	{ 0, "allow-users", "", "users that may visit, * for all", &opt_list,
	  FRPC_AT(proxy.allow_users), NULL },
	{ 0, "pin", NULL, "as --tls-pin", &opt_str, FRPC_AT(conf.tls.pin),
	  NULL },
	{ 0, "secret-file", NULL, "offer: file that holds the secret that "
	  "visitors must know, instead of $FRPC_SECRET", &opt_str,
	  FRPC_AT(offer_secret_file), NULL },
	{ 0, "server", NULL, "offer: the server, as HOST or HOST:PORT",
	  &opt_str, FRPC_AT(offer_server), NULL },
	{ 0 },
};
