// SPDX-License-Identifier: MIT
/* load MODE [--OPTION VALUE]...: services to be tunnelled, and what measures
 * through a tunnel.  Results are lines of JSON on stdout. */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(const struct options *o);
} modes[] = {
	{ "serve", mode_serve },
	{ "echo", mode_echo },
	{ "sink", mode_sink },
	{ "source", mode_source },
	{ "bulk", mode_bulk },
	{ "ping", mode_ping },
	{ "rate", mode_rate },
	{ "udp", mode_udp },
	{ "idle", mode_idle },
	{ "delay", mode_delay },
};

enum kind { NUMBER, TEXT, FLAG, PIDS };

static const struct {
	const char *name;
	enum kind kind;
	size_t at;
} options[] = {
	{ "listen", NUMBER, offsetof(struct options, listen) },
	{ "to", NUMBER, offsetof(struct options, to) },
	{ "service", NUMBER, offsetof(struct options, service) },
	{ "streams", NUMBER, offsetof(struct options, streams) },
	{ "flight", NUMBER, offsetof(struct options, flight) },
	{ "count", NUMBER, offsetof(struct options, count) },
	{ "size", NUMBER, offsetof(struct options, size) },
	{ "slow", NUMBER, offsetof(struct options, slow) },
	{ "warm", NUMBER, offsetof(struct options, warm) },
	{ "window", NUMBER, offsetof(struct options, window) },
	{ "delay", NUMBER, offsetof(struct options, delay) },
	{ "bytes", NUMBER, offsetof(struct options, bytes) },
	{ "way", TEXT, offsetof(struct options, way) },
	{ "beside", FLAG, offsetof(struct options, beside) },
	{ "server-pids", PIDS, offsetof(struct options, server) },
	{ "client-pids", PIDS, offsetof(struct options, client) },
};

enum {
	MODES = sizeof(modes) / sizeof(*modes),
	OPTIONS = sizeof(options) / sizeof(*options),
};

static _Noreturn void
usage(void)
{
	fputs("usage: load MODE [--OPTION VALUE]...\nmodes:", stderr);
	for (int i = 0; i < MODES; i++)
		fprintf(stderr, " %s", modes[i].name);
	fputs("\noptions:", stderr);
	for (int i = 0; i < OPTIONS; i++)
		fprintf(stderr, " --%s", options[i].name);
	fputs("\n", stderr);
	exit(2);
}

static long
number(const char *text, char end, const char **rest)
{
	char *stop;
	long n = strtol(text, &stop, 10);

	if (stop == text || n < 0 || (*stop != '\0' && *stop != end))
		usage();
	*rest = *stop ? stop + 1 : stop;
	return n;
}

static void
pid_list(struct pids *p, const char *text)
{
	while (*text) {
		if (p->n == MAX_PIDS)
			fail("too many processes are named");
		p->pid[p->n++] = (int)number(text, ',', &text);
	}
}

/* Takes one option; how many words it had. */
static int
take(struct options *o, char **argv)
{
	const char *rest;

	for (int i = 0; i < OPTIONS; i++) {
		void *at = (char *)o + options[i].at;

		if (strncmp(argv[0], "--", 2) != 0 ||
		    strcmp(argv[0] + 2, options[i].name) != 0)
			continue;
		if (options[i].kind == FLAG) {
			*(bool *)at = true;
			return 1;
		}
		if (!argv[1])
			usage();
		if (options[i].kind == NUMBER)
			*(long *)at = number(argv[1], '\0', &rest);
		else if (options[i].kind == PIDS)
			pid_list(at, argv[1]);
		else
			*(const char **)at = argv[1];
		return 2;
	}
	usage();
}

int
main(int argc, char **argv)
{
	struct options o = {
		.streams = 1, .flight = 1, .count = 1, .size = 512,
		.warm = 300, .window = 1000, .delay = 25, .way = "down",
	};

	if (argc < 2)
		usage();
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i < argc; )
		i += take(&o, argv + i);
	for (int i = 0; i < MODES; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(&o);
	usage();
}
