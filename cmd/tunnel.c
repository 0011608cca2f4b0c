// SPDX-License-Identifier: MIT
/* tunnel start, stop, status: forwards that stay, by name. */
#include "cmd/tunnel.h"

#include <stdio.h>

#define AT(field) offsetof(struct tunnel_opts, field)

static const struct opt start_opts[] = {
	{ 0, "auto-port", "false", "where a port is taken, take another",
	  &opt_bool, AT(auto_port), NULL },
	{ 'D', "dynamic", NULL, "a SOCKS5 proxy here, which goes where the far "
	  "side can go: [ADDRESS:]PORT", &opt_list, AT(dynamic), NULL },
	{ 0, "foreground", "false", "stay in the foreground", &opt_bool,
	  AT(foreground), NULL },
	{ 0, "jump", NULL, "with --ssh: go through this host", &opt_str,
	  AT(jump), NULL },
	{ 0, "key", NULL, "with --ssh: the file of the private key", &opt_str,
	  AT(key), NULL },
	{ 'L', "local", NULL, "a port here that leads to one there: "
	  "[ADDRESS:]PORT[:HOST:PORT][/udp]", &opt_list, AT(local), NULL },
	{ 'R', "remote", NULL, "a port of the far side's loopback that leads "
	  "here: [ADDRESS:]PORT:HOST:PORT; with public: in front one of the "
	  "bastion, for everybody", &opt_list, AT(remote), NULL },
	{ 0, "save", "false", "write the tunnel into the settings file",
	  &opt_bool, AT(save), NULL },
	{ 0, "ssh", NULL, "the far side is reached by ssh: "
	  "[USER@]HOST[:PORT]", &opt_str, AT(ssh), NULL },
	{ 0, "timeout", "30s", "how long to wait until it stands",
	  &opt_duration, AT(timeout), NULL },
	{ 0, "to", NULL, "the far side is this worker", &opt_str, AT(to),
	  NULL },
	{ 0 },
};

static const struct opt stop_opts[] = {
	{ 0, "all", "false", "all that run", &opt_bool, AT(all), NULL },
	{ 0 },
};

static const struct opt status_opts[] = {
	{ 0, "json", "false", "as JSON", &opt_bool, AT(json), NULL },
	{ 'q', "quiet", "false", "only the exit status", &opt_bool, AT(quiet),
	  NULL },
	{ 'w', "watch", "false", "again each second", &opt_bool, AT(watch),
	  NULL },
	{ 0 },
};

int
tunnel_misuse(const struct call *c, const char *why)
{
	const char *root = c->applet->root.name;
	bool sub = c->command != &c->applet->root;

	say_error(why);
	fprintf(stderr, "Run '%s%s%s --help' for usage.\n", root,
	    sub ? " " : "", sub ? c->command->name : "");
	return 2;
}

bool
tunnel_one_name(const struct call *c, const char **name)
{
	struct buf why = { 0 };

	*name = c->given->nwords ? c->given->words[0] : NULL;
	if (c->given->nwords > 1)
		buf_puts(&why, "give one name");
	else if (*name && !place_is_name(*name))
		buf_printf(&why, "the name '%.100s': up to %d letters, digits, "
		    "'.', '_' and '-', the first of them neither '.' nor '-'",
		    *name, PLACE_NAME_MAX);
	if (buf_len(&why) == 0)
		return true;
	tunnel_misuse(c, buf_text(&why));
	buf_free(&why);
	return false;
}

static int
run_bare(const struct call *c)
{
	return tunnel_misuse(c, "give a command: start, stop or status");
}

#define START(name_)                                                       \
	{ .name = name_, .brief = "open a tunnel and keep it up",          \
	  .words = "[NAME]", .takes = TAKES_TUNNEL, .run = tunnel_start,   \
	  .opts = { people_opts, start_opts } }
#define STOP(name_)                                                        \
	{ .name = name_, .brief = "end a tunnel, and wait for its end",    \
	  .words = "[NAME]", .takes = TAKES_TUNNEL, .run = tunnel_stop,    \
	  .opts = { stop_opts } }
#define STATUS(name_)                                                      \
	{ .name = name_, .brief = "show a tunnel, or all",                 \
	  .words = "[NAME]", .takes = TAKES_TUNNEL, .run = tunnel_status,  \
	  .opts = { status_opts } }

static const struct command commands[] = {
	START("start"),
	STATUS("status"),
	STOP("stop"),
	{ .name = "help", .brief = "print help on a command" },
	{ 0 },
};

const struct applet applet_tunnel = {
	.root = { .name = "tunnel",
	    .brief = "forwards to a worker or a host, kept up in the "
	    "background", .commands = commands, .run = run_bare },
	.record = sizeof(struct tunnel_opts),
	.misuse = 2,
};

const struct applet applet_tunnel_start = {
	.root = START("tunnel-start"),
	.record = sizeof(struct tunnel_opts),
	.misuse = 2,
};

const struct applet applet_tunnel_stop = {
	.root = STOP("tunnel-stop"),
	.record = sizeof(struct tunnel_opts),
	.misuse = 2,
};

const struct applet applet_tunnel_status = {
	.root = STATUS("tunnel-status"),
	.record = sizeof(struct tunnel_opts),
	.misuse = 2,
};
