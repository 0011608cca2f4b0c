// SPDX-License-Identifier: MIT
#include "core/log.h"

#include <errno.h>

#include "core/utf8.h"
#include "test/t.h"

struct heard {
	unsigned lines;
	enum log_level level;
	char where[64], text[4096];
};

static void
hear(void *arg, enum log_level level, const char *where, const char *text)
{
	struct heard *h = arg;

	h->lines++;
	h->level = level;
	snprintf(h->where, sizeof(h->where), "%s", where);
	snprintf(h->text, sizeof(h->text), "%s", text);
	errno = EIO;
}

static const char *
logged(const char *text)
{
	static struct heard h;
	struct log l = { LOG_TRACE, hear, &h, NULL };

	log_info(&l, "%s", text);
	return h.text;
}

TEST(log_levels_have_names)
{
	CHECK(log_level_of("trace") == LOG_TRACE);
	CHECK(log_level_of("debug") == LOG_DEBUG);
	CHECK(log_level_of("info") == LOG_INFO);
	CHECK(log_level_of("warn") == LOG_WARN);
	CHECK(log_level_of("error") == LOG_ERROR);
	CHECK(log_level_of("") < 0);
	CHECK(log_level_of("Info") < 0);
	CHECK(log_level_of("warning") < 0);
}

TEST(log_drops_what_is_below_its_level)
{
	struct heard h = { 0 };
	struct log l = { LOG_WARN, hear, &h, NULL };

	log_trace(&l, "no");
	log_debug(&l, "no");
	log_info(&l, "no");
	CHECK(h.lines == 0);
	log_warn(&l, "one %d", 1);
	CHECK(h.lines == 1 && h.level == LOG_WARN);
	CHECK_STR(h.text, "one 1");
	CHECK(strncmp(h.where, __FILE__ ":", sizeof(__FILE__)) == 0);
	log_error(&l, "two");
	CHECK(h.lines == 2 && h.level == LOG_ERROR);
}

TEST(log_without_a_sink_is_silent)
{
	struct log l = { LOG_TRACE, NULL, NULL, NULL };

	log_error(&l, "nobody listens");
}

TEST(log_leaves_errno_alone)
{
	struct heard h = { 0 };
	struct log l = { LOG_TRACE, hear, &h, NULL };

	errno = ENOENT;
	log_info(&l, "x");
	CHECK(errno == ENOENT);
}

TEST(log_escapes_what_could_forge_a_line_or_move_a_cursor)
{
	CHECK_STR(logged("a\nb\r\tc"), "a\\x0ab\\x0d\\x09c");
	CHECK_STR(logged("\x1b[2J\x7f"), "\\x1b[2J\\x7f");
	CHECK_STR(logged("\x01\x1f ~"), "\\x01\\x1f ~");
}

TEST(log_escapes_c1_controls_and_broken_utf8)
{
	CHECK_STR(logged("\xc2\x9b" "31m"), "\\xc2\\x9b31m");
	CHECK_STR(logged("\xc2\x80\xc2\xa0"), "\\xc2\\x80\xc2\xa0");
	CHECK_STR(logged("\x9b" "31m"), "\\x9b31m");
	CHECK_STR(logged("\xc0\x8a"), "\\xc0\\x8a"); /* an overlong newline */
	CHECK_STR(logged("\xe2\x82"), "\\xe2\\x82"); /* cut short */
	CHECK_STR(logged("\xff\xfe"), "\\xff\\xfe");
}

TEST(log_leaves_other_languages_readable)
{
	static const char text[] = "Gr\xc3\xbc\xc3\x9f" "e "
				   "\xe2\x82\xac \xf0\x9f\x90\x84";

	CHECK_STR(logged(text), text);
}

/* Whatever is cut off, the end is a whole character or a whole escape. */
TEST(log_cuts_long_lines_between_characters)
{
	static const char *const parts[] = { "x", "\n", "\xc3\xbc",
		"\xc2\x9b", "\xf0\x9f\x90\x84" };
	size_t i, lead, len;
	char text[5000];
	uint32_t rune;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (lead = 0; lead < 8; lead++) {
			const char *got, *p;

			memset(text, 'y', lead);
			len = lead;
			while (len + 5 < sizeof(text)) {
				strcpy(text + len, parts[i]);
				len += strlen(parts[i]);
			}
			got = logged(text);
			CHECK(strlen(got) < 2048 && strlen(got) > 1000);
			for (p = got; *p; p += len)
				if (!(len = utf8_get(p, strlen(p), &rune)))
					break;
			CHECK(!*p);
			p = strrchr(got, '\\');
			CHECK(!p || strlen(p) >= 4);
		}
}

TEST(log_fills_its_room_to_the_last_character)
{
	char text[600], want[2048];
	size_t i;

	memset(text, '\n', 511);
	strcpy(text + 511, "abcdef");
	for (i = 0; i < 511; i++)
		memcpy(want + 4 * i, "\\x0a", 4);
	strcpy(want + 4 * 511, "abc");
	CHECK_STR(logged(text), want);
}
