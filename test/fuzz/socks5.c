// SPDX-License-Identifier: MIT
/* Bytes to a server, to a client and as a datagram: cut anyhow, the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/err.h"
#include "core/socks5.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int
drive(bool server, const char *user, const uint8_t *p, size_t *n,
    size_t piece, struct buf *out)
{
	size_t left = *n, part;
	struct socks5_addr a, target;
	enum socks5_command c;
	struct socks5 s;
	const uint8_t *at;
	bool failed = false;
	uint8_t *copy;
	int r = 0;

	socks5_set_name(&target, "h", 1);
	if (server)
		socks5_server(&s, user, "p");
	else
		socks5_client(&s, out, user, "p", &target);
	while (r == 0 && left > 0) {
		part = min_size(left, piece);
		copy = malloc(part);
		memcpy(copy, p + (*n - left), part);
		at = copy;
		left -= part;
		r = failed ? 0 : server ?
		    socks5_request(&s, &at, &part, out, &c, &a) :
		    socks5_answer(&s, &at, &part, out, &target, out);
		if (!server && (failed |= r < 0))
			r = socks5_line(&s, &at, &part, out);
		assert(r != 0 || part == 0);
		left += part;
		free(copy);
	}
	if (failed)
		r = ERR_PROTO;
	if (server && r > 0)
		assert(a.ip_len == 4 || a.ip_len == 16 || *a.name);
	*n = left;
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct socks5_addr a;
	struct buf b = { 0 };
	size_t head;
	int i;

	for (i = 0; i < 4; i++) {
		struct buf one = { 0 }, other = { 0 };
		const char *user = i & 2 ? "u" : NULL;
		size_t whole = n, cut = n;
		int r = drive(i & 1, user, p, &whole, n + 1, &one);

		assert(drive(i & 1, user, p, &cut, 2, &other) == r);
		assert(r < 0 || cut == whole);
		assert(buf_len(&one) == buf_len(&other));
		assert(buf_len(&one) == 0 || memcmp(buf_peek(&one),
		    buf_peek(&other), buf_len(&one)) == 0);
		buf_free(&one);
		buf_free(&other);
	}
	head = socks5_datagram(&a, p, n);
	if (head) {
		socks5_put_datagram(&b, &a);
		assert(buf_len(&b) == head);
		assert(memcmp(buf_peek(&b) + 2, p + 2, head - 2) == 0);
	}
	buf_free(&b);
	return 0;
}
