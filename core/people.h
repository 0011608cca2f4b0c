/* The settings file of a person: ~/.config/culvert/config.toml.  Which bastion,
 * which workers and their secrets, which tunnels.
 *
 *	[bastion]			# for all workers that name no other
 *	server = "bastion.example:7000"
 *	tokenFile = "~/.config/culvert/token"	# or token = "..."
 *	pin = "sha256:..."		# or a list; or trustedCaFile = "..."
 *	user = "team"			# as frp's user; also: tls = false,
 *					# protocol, proxyURL, tcpMux
 *	[bastions.lab]			# others, by name
 *	server = "lab.example:7000"
 *
 *	[workers.gpu-1]
 *	secretFile = "~/.config/culvert/gpu-1"	# or secret = "..."
 *	bastion = "lab"
 *	serverUser = "team"		# whose worker it is
 *	sshUser = "root"		# for connect
 *	sshPort = 22
 *	sshKey = "~/.ssh/id_lab"
 *
 *	[tunnels.dev]
 *	to = "gpu-1"			# or ssh = "user@host:22", key, jump
 *	local = ["8000", "9000:db:5432", "5353:localhost:53/udp"]
 *	dynamic = ["1080"]
 *	remote = ["6000:localhost:22"]	# or "public:6000:localhost:22"
 *	autoPort = false
 *
 * Unknown keys are errors.  No file is opened here. */
#ifndef CORE_PEOPLE_H
#define CORE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/strings.h"

#define PEOPLE_NAME 100 /* longest name of a worker, tunnel or bastion */

struct people_bastion {
	char *name; /* NULL: the one of all */
	char *server, *token, *token_file, *pin, *ca, *user, *protocol,
	    *proxy_url;
	bool tls, tcp_mux; /* as in frpc */
};

struct people_worker {
	char *name, *secret, *secret_file, *bastion, *server_user;
	char *ssh_user, *ssh_key;
	int64_t ssh_port; /* 0: 22 */
};

struct people_tunnel {
	char *name, *to, *ssh, *key, *jump;
	struct strings local, dynamic, remote;
	bool auto_port;
};

struct people {
	struct people_bastion *bastions;
	struct people_worker *workers;
	struct people_tunnel *tunnels;
	size_t nbastions, nworkers, ntunnels;
	bool secrets; /* the text itself holds one: the file must be 0600 */
};

/* <0: why has the reasons, a line each, with file and line of a bad TOML. */
int people_read(struct people *p, const char *text, size_t n,
    const char *file, struct buf *why);
void people_release(struct people *p);
const struct people_bastion *people_bastion(const struct people *p,
    const char *name); /* NULL: that of all; may be NULL */
const struct people_worker *people_worker(const struct people *p,
    const char *name);
const struct people_tunnel *people_tunnel(const struct people *p,
    const char *name);
/* Letters, digits, '.', '_' and '-', but no '-' in front: no program may take
 * it for an option. */
bool people_is_name(const char *s);
/* The text with [tunnels.NAME] put in or replaced; everything else of it,
 * comments too, stays to the byte.  <0: the text is not as it should be, or
 * has that tunnel in another form, as an inline table or with dotted keys;
 * then nothing is put. */
int people_save_tunnel(struct buf *to, const char *text, size_t n,
    const struct people_tunnel *t);

#endif
