// SPDX-License-Identifier: MIT
/* Reads to the end; whatever text comes out goes in again and comes back. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
again(const struct json_item *it)
{
	size_t len = json_text(it, NULL), max = json_text_max(it), back;
	char *text = malloc(max + 1), *more;
	struct json_item second;
	struct buf b = { 0 };
	struct json j;

	if (json_text(it, text) != len || len > max)
		abort();
	json_put_str(&b, text, len);
	json_init(&j, buf_text(&b), buf_len(&b));
	if (json_next(&j, &second) < 0 || second.token != JSON_STR)
		abort();
	more = malloc(json_text_max(&second) + 1);
	back = json_text(&second, more);
	if (back != len || memcmp(text, more, len) != 0)
		abort();
	free(more);
	free(text);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct json_item it;
	struct json j;
	int r = 0;

	json_init(&j, (const char *)p, n);
	while (json_next(&j, &it) == 0 && it.token != JSON_END)
		if (it.token == JSON_STR || it.token == JSON_KEY) {
			json_is(&it, "privilege_key");
			again(&it);
		}
	json_line(&j);
	json_init(&j, (const char *)p, n);
	while (r == 0) {
		r = json_next(&j, &it);
		if (r == 0 && it.token == JSON_KEY)
			r = json_skip(&j);
		if (it.token == JSON_END)
			break;
	}
	return 0;
}
