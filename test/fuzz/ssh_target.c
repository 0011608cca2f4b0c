// SPDX-License-Identifier: MIT
/* Whatever is taken is one word and no option, and says itself again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/mem.h"
#include "core/ssh_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = mem_dupn((const char *)p, n);
	struct ssh_target t, again;
	struct buf b = { 0 };

	if (ssh_target_parse(&t, text)) {
		assert(*t.host && *t.host != '-' && !strpbrk(t.host, " \n\"'"));
		assert(!t.user || (*t.user && *t.user != '-'));
		assert(t.port >= 0 && t.port <= 65535);
		if (t.user)
			buf_printf(&b, "%s@", t.user);
		buf_printf(&b, "[%s]", t.host);
		if (t.port)
			buf_printf(&b, ":%d", t.port);
		assert(ssh_target_parse(&again, buf_text(&b)));
		assert(strcmp(again.host, t.host) == 0);
		assert(again.port == t.port && !again.user == !t.user);
		ssh_target_release(&again);
		ssh_target_release(&t);
	}
	buf_free(&b);
	free(text);
	return 0;
}
