// SPDX-License-Identifier: MIT
#include "core/ssh_target.h"

#include "test/t.h"

static void
is(const char *text, const char *user, const char *host, int port)
{
	struct ssh_target t;

	if (!CHECK(ssh_target_parse(&t, text))) {
		printf("    %s\n", text);
		return;
	}
	CHECK(user ? t.user && strcmp(t.user, user) == 0 : !t.user);
	CHECK_STR(t.host, host);
	CHECK(t.port == port);
	ssh_target_release(&t);
}

TEST(ssh_target_cuts_up_what_people_write)
{
	is("h", NULL, "h", 0);
	is("me@lab.example", "me", "lab.example", 0);
	is("me@h:22", "me", "h", 22);
	is("h:65535", NULL, "h", 65535);
	is("[fd00::1]:22", NULL, "fd00::1", 22);
	is("me@[fd00::1]", "me", "fd00::1", 0);
	is("fd00::1", NULL, "fd00::1", 0);
	is("an-alias_of.mine", NULL, "an-alias_of.mine", 0);
}

TEST(ssh_target_refuses_what_could_be_more)
{
	static const char *const bad[] = { "", "@", "me@", "@h", "-x", "me@-x",
		"-x@h", "h:", "h:0", "h:65536", "h:123456", "h:2x", "h:-1",
		"[::1", "[::1]x", "[::1]:", "[]", "a b", "a\nb", "h%p", "h\"",
		"$(x)", "a,b", "a/b", "a@b@h" };
	struct ssh_target t;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!CHECK(!ssh_target_parse(&t, bad[i]) && !t.host))
			printf("    %s\n", bad[i]);
}
