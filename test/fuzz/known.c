// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "core/known.h"
#include "crypto/pins.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define PIN "sha256:" \
	"0011223344556677001122334455667700112233445566770011223344556677"

/* What is found is in order, and what is added is found then, unless too many
 * are there already. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf name = { 0 }, text = { 0 };
	struct pins pins;
	struct known k, now;
	char host[16] = "b";

	if (n > 0 && n < 15) {
		memcpy(host, p, n);
		host[n] = '\0';
	}
	if (known_put_name(&name, host, 7000) < 0) {
		if (buf_len(&name))
			abort();
		buf_puts(&name, "b:7000");
	}
	known_find(&k, (const char *)p, n, buf_text(&name));
	if (k.n && (pins_read(&pins, buf_text(&k.pins)) || pins.n != k.n))
		abort();
	if (n)
		buf_put(&text, p, n);
	known_add(&text, buf_text(&name), PIN);
	known_find(&now, buf_text(&text), buf_len(&text), buf_text(&name));
	if (now.n != k.n + (k.n < PINS_MAX) || (k.bad && now.bad != k.bad))
		abort();
	known_release(&k);
	known_release(&now);
	buf_free(&name);
	buf_free(&text);
	return 0;
}
