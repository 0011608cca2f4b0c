// SPDX-License-Identifier: MIT
#include "core/known.h"

#include "test/t.h"

#define HEX "00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100"
#define PIN "sha256:" HEX
#define TWO "sha256:1" HEX
#define B   "b:7000 "

static struct known k;

static size_t
find(const char *text, const char *name)
{
	known_release(&k);
	known_find(&k, text, strlen(text), name);
	return k.n;
}

static void
name_is(const char *host, int port, const char *want)
{
	struct buf b = { 0 };

	CHECK(known_put_name(&b, host, port) == (want ? 0 : -1));
	CHECK_STR(buf_text(&b), want ? want : "");
	buf_free(&b);
}

TEST(known_servers_have_one_name_each)
{
	name_is("Bastion.Example", 7000, "bastion.example:7000");
	name_is("bastion.example.", 7000, "bastion.example:7000");
	name_is("10.0.0.1", 443, "10.0.0.1:443");
	name_is("FD00::1", 7000, "[fd00::1]:7000");
	name_is("fe80::1%eth0", 1, "[fe80::1%eth0]:1");
	name_is("", 1, NULL);
	name_is("a b", 1, NULL);
	name_is("a\nb", 1, NULL);
	name_is("a#b", 1, NULL);
	name_is("b\xc3\xbcro", 1, NULL);
}

TEST(known_servers_are_found_by_their_lines)
{
	static const char text[] = "# of ours\n\na:7000 " PIN "\n" B PIN "\n"
				   "[fd00::1]:7000 " PIN "\n" B PIN;

	CHECK(find(text, "a:7000") == 1 && !k.bad);
	CHECK_STR(buf_text(&k.pins), PIN);
	CHECK_STR(buf_text(&k.lines), "3");
	CHECK(find(text, "[fd00::1]:7000") == 1 && !k.bad);
	CHECK(find(text, "b:7000") == 2 && !k.bad);
	CHECK_STR(buf_text(&k.pins), PIN "," PIN);
	CHECK_STR(buf_text(&k.lines), "4 and 6");
	CHECK(find(text, "c:7000") == 0 && !k.bad);
	CHECK(find(text, "b:700") == 0 && !k.bad);
	CHECK(find("B:7000 sha256:FF" "112233445566778899aabbccddeeff"
		   "ffeeddccbbaa99887766554433221100\n", "b:7000") == 1);
	CHECK(strncmp(buf_text(&k.pins), "sha256:ff", 9) == 0);
	CHECK(find("", "a:1") == 0 && !k.bad);
	known_release(&k);
}

TEST(known_damage_is_told_to_whom_it_may_concern)
{
	static const char *const tails[] = { "b:7000\n", "b:7000 \n",
		B HEX "\n", B "sha256:00\n", B PIN " \n", B PIN "\r\n",
		"b:7000  " PIN "\n", B PIN "," PIN "\n", B TWO "\n" };
	char text[400];
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		snprintf(text, sizeof(text), "a:1 " PIN "\n%s", tails[i]);
		CHECK(find(text, "b:7000") == 0 && k.bad == 2);
		/* of others it is no affair */
		CHECK(find(text, "a:1") == 1 && !k.bad);
		CHECK(find(text, "c:1") == 0 && !k.bad);
	}
	/* nobody knows of whom this was */
	CHECK(find("a:1 " PIN "\n\x01garbage\n", "b:7000") == 0);
	CHECK(k.bad == 2);
	CHECK(find("a:1 " PIN "\nb " PIN "\n", "b:7000") == 0 && k.bad == 2);
	CHECK(find(" " B PIN "\n", "b:7000") == 0 && k.bad == 1);
	/* but who is known stays so */
	CHECK(find("garbage\na:1 " PIN "\n", "a:1") == 1 && k.bad == 1);
	known_release(&k);
}

TEST(known_keys_of_one_server_have_an_end)
{
	struct buf text = { 0 };
	int i;

	for (i = 0; i < 17; i++)
		known_add(&text, "b:7000", PIN);
	CHECK(find(buf_text(&text), "b:7000") == 16 && k.bad == 17);
	buf_free(&text);
	known_release(&k);
}

TEST(known_lines_are_added_behind_all_others)
{
	struct buf text = { 0 };

	buf_puts(&text, "garbage");
	known_add(&text, "b:7000", PIN);
	CHECK_STR(buf_text(&text), "garbage\n" B PIN "\n");
	buf_free(&text);
	known_add(&text, "b:7000", PIN);
	CHECK_STR(buf_text(&text), B PIN "\n");
	buf_free(&text);
}
