// SPDX-License-Identifier: MIT
/* Twice the same input: as ciphertext, which is noise, and as the plain text of
 * a peer that knows the token.  The first byte says how it is cut. */
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint8_t iv[CFB_IV_LEN] = "fifteen and one";

/* Every message is sent back, as an end that answers would. */
static void
run(const uint8_t *p, size_t n, size_t size)
{
	struct control *c = control_new("s3cret", iv);
	struct msg m;
	size_t part;
	int r = 0;

	for (; n && r == 0; p += part, n -= part) {
		part = min_size(n, size);
		control_feed(c, p, part);
		while ((r = control_next(c, &m)) == 1) {
			control_put(c, &m);
			msg_release(&m);
		}
	}
	if (r < 0 && control_next(c, &m) != r)
		abort();
	control_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf sealed = { 0 };
	struct filter_cfb f;
	size_t size;

	if (n < 2)
		return 0;
	size = 1u + *p;
	run(p + 1, n - 1, size);
	filter_cfb_init(&f, "s3cret", iv);
	filter_cfb_encode(&f, &sealed, p + 1, n - 1);
	run(buf_peek(&sealed), buf_len(&sealed), size);
	filter_cfb_release(&f);
	buf_free(&sealed);
	return 0;
}
