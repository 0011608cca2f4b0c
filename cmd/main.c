// SPDX-License-Identifier: MIT
/* One binary, called by an applet's name or with it as the first word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/applet.h"
#include "cmd/harden.h"
#include "cmd/install.h"
#include "cmd/say.h"
#include "core/mem.h"
#include "net/stdio.h"

static void
list(void)
{
	const struct applet *const *a;
	const char *const *alias;

	puts("culvert " CULVERT_VERSION ": tunnels to services behind a wall\n"
	     "\nUsage:\n"
	     "  culvert APPLET [flags]\n"
	     "  culvert --install DIR   link every applet's name in DIR to "
	     "this binary\n"
	     "  culvert --version       print the version\n"
	     "\nApplets:");
	for (a = applets; *a; a++) {
		if ((*a)->root.hidden)
			continue;
		printf("  %-14s %s", (*a)->root.name, (*a)->root.brief);
		for (alias = (*a)->aliases; *alias; alias++)
			printf("%s%s", alias == (*a)->aliases ? " (also: " :
			    ", ", *alias);
		puts((*a)->aliases[0] ? ")" : "");
	}
}

static int
unknown(const char *what, const char *name)
{
	const struct applet *const *a = applets;

	while (*a && !applet_near((*a)->root.name, name))
		a++;
	say_line(stderr, "culvert: unknown %s '%s'%s%s%s", what, name,
	    *a ? "; did you mean '" : "", *a ? (*a)->root.name : "",
	    *a ? "'?" : "");
	return 2;
}

static int
own_option(char *const *argv)
{
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		list();
		return 0;
	}
	if (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-v") == 0) {
		puts("culvert " CULVERT_VERSION);
		return 0;
	}
	if (strcmp(argv[0], "--install") != 0)
		return unknown("option", argv[0]);
	if (argv[1] && !argv[2])
		return install_links(argv[1]);
	fputs("culvert: --install needs one directory\n", stderr);
	return 2;
}

/* An applet reads its secrets from the list it is given; what inherits ours,
 * as every program that it runs, has none of them. */
static int
run(const struct applet *a, char **words)
{
	static const char *const secrets[] = { "CULVERT_SECRET",
		"CULVERT_TOKEN", "FRPC_SECRET", "FRPC_TOKEN" };
	char **env;
	size_t n = 0, i;
	int status;

	while (environ && environ[n])
		n++;
	env = mem_zero((n + 1) * sizeof(*env));
	for (i = 0; i < n; i++)
		env[i] = environ[i];
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		unsetenv(secrets[i]);
	status = applet_run(a, words, env);
	free(env);
	return status;
}

int
main(int argc, char **argv)
{
	const struct applet *a;
	const char *name = argc ? strrchr(argv[0], '/') : NULL;
	char **rest = argv + (argc > 0);

	harden_relro();
	stdio_hold();
	name = name ? name + 1 : argc ? argv[0] : "culvert";
	a = applet_find(name);
	if (a)
		return run(a, rest);
	if (!*rest) {
		list();
		return 0;
	}
	if (**rest == '-')
		return own_option(rest);
	a = applet_find(*rest);
	if (!a)
		return unknown("applet", *rest);
	return run(a, rest + 1);
}
