// SPDX-License-Identifier: MIT
#include "core/buf.h"

#include "test/t.h"

TEST(buf_starts_empty_and_holds_no_memory)
{
	struct buf b = { 0 };

	CHECK(buf_len(&b) == 0);
	CHECK(buf_peek(&b) == NULL);
	buf_put(&b, NULL, 0);
	buf_puts(&b, "");
	CHECK(b.data == NULL && b.cap == 0);
	buf_take(&b, 0);
	CHECK_STR(buf_text(&b), "");
	CHECK(buf_len(&b) == 0);
	buf_free(&b);
	CHECK(b.data == NULL && b.cap == 0 && b.len == 0 && b.off == 0);
	buf_free(&b);
	buf_wipe(&b);
}

TEST(buf_gives_back_what_was_put_in_that_order)
{
	struct buf b = { 0 };

	buf_puts(&b, "abc");
	buf_printf(&b, "%d-%s", 42, "x");
	buf_put(&b, "\0z", 2);
	CHECK(buf_len(&b) == 9);
	CHECK(memcmp(buf_peek(&b), "abc42-x\0z", 9) == 0);
	buf_take(&b, 3);
	CHECK(memcmp(buf_peek(&b), "42-x\0z", 6) == 0);
	buf_take(&b, 6);
	CHECK(buf_len(&b) == 0 && b.off == 0);
	buf_free(&b);
}

TEST(buf_text_ends_with_a_nul_that_is_no_content)
{
	struct buf b = { 0 };
	int i;

	for (i = 0; i < 64; i++)
		buf_put(&b, "x", 1);
	CHECK(b.len == b.cap); /* the NUL needs new memory */
	CHECK(strlen(buf_text(&b)) == 64);
	CHECK(buf_len(&b) == 64);
	buf_take(&b, 60);
	CHECK_STR(buf_text(&b), "xxxx");
	buf_free(&b);
}

TEST(buf_prints_what_just_fits_and_what_does_not)
{
	struct buf b = { 0 };
	int n;

	for (n = 60; n < 70; n++) {
		buf_printf(&b, "%*d", n, 7);
		CHECK(buf_len(&b) == (size_t)n);
		CHECK(strlen(buf_text(&b)) == (size_t)n);
		buf_free(&b);
	}
}

TEST(buf_room_uses_the_space_in_front_before_it_grows)
{
	struct buf b = { 0 };
	size_t cap;

	memset(buf_room(&b, 64), 'a', 64);
	buf_added(&b, 64);
	cap = b.cap;
	buf_take(&b, 60);
	memset(buf_room(&b, 60), 'b', 60);
	buf_added(&b, 60);
	CHECK(b.cap == cap);
	CHECK(buf_len(&b) == 64 && memcmp(buf_peek(&b), "aaaabb", 6) == 0);
	buf_free(&b);
}

/* Against a plain array, with sizes that hit every way of making room. */
TEST(buf_is_a_queue_whatever_is_put_and_taken)
{
	static uint8_t model[1 << 20];
	size_t put = 0, taken = 0;
	uint32_t dice = 1;
	struct buf b = { 0 };

	while (put < sizeof(model) - 1000) {
		size_t n, i;

		dice = dice * 1664525 + 1013904223;
		n = dice >> 22 & 511;
		if (dice >> 31) {
			uint8_t *room = buf_room(&b, n);

			for (i = 0; i < n; i++)
				room[i] = model[put++] =
				    (uint8_t)(dice >> i % 24);
			buf_added(&b, n);
		} else {
			n = n < buf_len(&b) ? n : buf_len(&b);
			if (n && memcmp(buf_peek(&b), model + taken, n) != 0)
				break;
			buf_take(&b, n);
			taken += n;
		}
		if (buf_len(&b) != put - taken || b.off > b.len ||
		    b.len > b.cap)
			break;
	}
	CHECK(put >= sizeof(model) - 1000);
	CHECK(memcmp(buf_peek(&b), model + taken, put - taken) == 0);
	buf_wipe(&b);
	CHECK(b.data == NULL);
}
