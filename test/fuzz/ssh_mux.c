// SPDX-License-Identifier: MIT
/* What an ssh master answers: the same comes out whole and cut anywhere, and
 * no text leaves its message. */
#include <stdlib.h>
#include <string.h>

#include "core/ssh_mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static size_t
take_all(const uint8_t *p, size_t n, size_t cut, struct buf *to, int *end)
{
	struct ssh_mux m = { 0 };
	struct ssh_mux_msg msg;
	size_t count = 0;
	int part, r = 0;

	for (part = 0; part < 2 && r >= 0; part++) {
		const uint8_t *at = part ? p + cut : p;
		size_t left = part ? n - cut : cut;

		while ((r = ssh_mux_take(&m, &at, &left, &msg)) > 0) {
			buf_printf(to, "%d %u %u ", (int)msg.type, msg.id,
			    msg.number);
			if (msg.text.n > SSH_MUX_MAX)
				abort();
			if (msg.text.n)
				buf_put(to, msg.text.p, msg.text.n);
			count++;
		}
	}
	*end = r;
	ssh_mux_release(&m);
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf whole = { 0 }, cut = { 0 };
	size_t at = n ? p[n - 1] % (n + 1) : 0;
	int x, y;

	if (take_all(p, n, n, &whole, &x) != take_all(p, n, at, &cut, &y) ||
	    x != y || buf_len(&whole) != buf_len(&cut) ||
	    (buf_len(&cut) && memcmp(buf_peek(&whole), buf_peek(&cut),
		buf_len(&cut)) != 0))
		abort();
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
