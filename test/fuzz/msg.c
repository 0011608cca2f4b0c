// SPDX-License-Identifier: MIT
/* A type byte and a body: what is read is written, read and written again,
 * and both writings are the same. */
#include <stdlib.h>
#include <string.h>

#include "core/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf one = { 0 }, two = { 0 };
	struct msg m;
	int type;

	if (n == 0 || (type = msg_type_of_byte(*p)) < 0)
		return 0;
	if (msg_decode(&m, (enum msg_type)type, p + 1, n - 1) < 0)
		return 0;
	msg_encode(&m, &one);
	msg_release(&m);
	if (msg_decode(&m, (enum msg_type)type, buf_peek(&one),
		buf_len(&one)) < 0)
		abort();
	msg_encode(&m, &two);
	msg_release(&m);
	if (strcmp(buf_text(&one), buf_text(&two)) != 0)
		abort();
	buf_free(&one);
	buf_free(&two);
	return 0;
}
