// SPDX-License-Identifier: MIT
/* What is taken says itself again, in small letters. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "core/door_name.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = mem_dupn((const char *)p, n);
	struct door_name name;
	struct buf b = { 0 };

	if (door_name_read(&name, text)) {
		assert(!name.family || name.family == 4 || name.family == 6);
		door_name_put(&b, &name);
		assert(strcasecmp(buf_text(&b), text) == 0);
	}
	buf_free(&b);
	free(text);
	return 0;
}
