// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "core/mem.h"
#include "core/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf why = { 0 }, at = { 0 };
	struct worker_conf w;
	char *text = mem_dupn((const char *)p, n);

	if (worker_parse(&w, text, &why) == 0) {
		if (w.port < 1 || w.port > 65535 || w.first > w.last ||
		    w.last > 65535 || !*w.server || !*w.public_host)
			abort();
		worker_put_public(&at, &w, ":12345");
		worker_release(&w);
	} else if (buf_len(&why) == 0) {
		abort();
	}
	buf_free(&at);
	buf_free(&why);
	free(text);
	return 0;
}
