// SPDX-License-Identifier: MIT
/* The head of a request, of replies to both questions, and a proxy's URL. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/http_connect.h"
#include "core/http_upgrade.h"
#include "core/mem.h"
#include "core/proxy_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint8_t nonce[] = "the sample nonce";

/* kind: 0 server, 1 client, 2 connect; how many bytes were left in *n. */
static int
run(int kind, const uint8_t *p, size_t *n, size_t piece, struct buf *out)
{
	struct http_upgrade u = { 0 };
	struct http_head h = { 0 };
	struct buf ask = { 0 };
	size_t part, left = *n;
	const uint8_t *at;
	uint8_t *copy;
	int r = 0;

	http_upgrade_ask(&u, &ask, "h", nonce);
	while (r == 0 && left > 0) {
		part = left < piece ? left : piece;
		copy = malloc(part);
		memcpy(copy, p + (*n - left), part);
		at = copy;
		left -= part;
		if (kind == 0)
			r = http_upgrade_serve(&u, &at, &part, out);
		else if (kind == 1)
			r = http_upgrade_answer(&u, &at, &part, out);
		else
			r = http_connect_answer(&h, &at, &part, out);
		assert(r != 0 || part == 0);
		left += part;
		free(copy);
	}
	*n = left;
	buf_free(&ask);
	http_upgrade_release(&u);
	http_head_release(&h);
	return r;
}

static void
url(const uint8_t *p, size_t n)
{
	char *text = mem_dupn((const char *)p, n);
	struct buf why = { 0 };
	struct proxy_url u;

	if (proxy_url_parse(&u, text, &why) == 0)
		assert(*u.host && u.port > 0 && u.port < 65536);
	else
		assert(buf_len(&why) > 0 && !u.host);
	proxy_url_release(&u);
	buf_free(&why);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t whole, cut;
	int kind, r;

	for (kind = 0; kind < 3; kind++) {
		struct buf one = { 0 }, other = { 0 };

		whole = cut = n;
		r = run(kind, p, &whole, n + 1, &one);
		assert(run(kind, p, &cut, 3, &other) == r);
		assert(r < 0 || cut == whole);
		assert(strcmp(buf_text(&one), buf_text(&other)) == 0);
		assert(r >= 0 || buf_len(&one) > 0);
		buf_free(&one);
		buf_free(&other);
	}
	url(p, n);
	return 0;
}
