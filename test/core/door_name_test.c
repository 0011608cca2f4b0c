// SPDX-License-Identifier: MIT
#include "core/door_name.h"

#include "test/t.h"

#define ID "000102030405060708090a0b0c0d0eff"

static void
is(const char *text, int family)
{
	struct door_name n;
	struct buf b = { 0 };

	if (!CHECK(door_name_read(&n, text)))
		return;
	CHECK(n.family == family && n.id[0] == 0 && n.id[15] == 0xff);
	door_name_put(&b, &n);
	CHECK_STR(buf_text(&b), text);
	buf_free(&b);
}

TEST(door_name_says_itself_again)
{
	is(ID, 0);
	is(ID ".4", 4);
	is(ID ".6", 6);
}

TEST(door_name_is_nothing_else)
{
	static const char *const bad[] = { "", "localhost", ID "0", ID ".",
		ID ".5", ID ".44", "g" ID, "000102030405060708090a0b0c0d0ef",
		"000102030405060708090a0b0c0d0egg", ID "/4" };
	struct door_name n;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!door_name_read(&n, bad[i]));
}
