// SPDX-License-Identifier: MIT
/* What comes out is UTF-8 without a character that is not plain, and stays as
 * it is when it goes in again, whatever it was cut to. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/plain.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
look(const char *s, bool lines)
{
	uint32_t rune;
	size_t len;

	for (; *s; s += len) {
		len = utf8_get(s, strlen(s), &rune);
		assert(len && (plain_is(rune) || (lines && rune == '\n')));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t room = n ? 1 + p[0] : 1;
	char *text = mem_dupn((const char *)p, n), *cut = malloc(room);
	struct buf once = { 0 }, twice = { 0 }, lines = { 0 };

	plain_put(&once, text);
	plain_put(&twice, buf_text(&once));
	plain_put_lines(&lines, text);
	look(buf_text(&once), false);
	look(buf_text(&lines), true);
	assert(strcmp(buf_text(&once), buf_text(&twice)) == 0);
	plain_copy(cut, room, text);
	look(cut, false);
	assert(strlen(cut) < room);
	assert(strncmp(buf_text(&once), cut, strlen(cut)) == 0);
	assert(strlen(cut) + 16 >= room || strlen(cut) == buf_len(&once));
	buf_free(&once);
	buf_free(&twice);
	buf_free(&lines);
	free(cut);
	free(text);
	return 0;
}
