// SPDX-License-Identifier: MIT
/* Tokens are lines of the file, and no more than there may be. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = mem_dupn((const char *)p, n), key[AUTH_KEY_LEN + 1];
	enum tokens_fault fault;
	struct token *kept;
	struct tokens t;
	size_t i;

	fault = tokens_parse(&t, text, n);
	assert((fault == TOKENS_FINE) == (t.n > 0) && t.n <= TOKENS_MAX);
	assert(fault == TOKENS_FINE || tokens_fault(fault));
	for (i = 0; i < t.n; i++) {
		assert(*t.v[i]->text && strstr(text, t.v[i]->text));
		assert(strlen(t.v[i]->text) <= TOKENS_LONGEST);
		assert(!strchr(t.v[i]->text, '\n'));
	}
	if (t.n) {
		kept = token_keep(t.v[t.n - 1]);
		auth_key(key, kept->text, 1);
		assert(tokens_match(&t, 1, key) && tokens_same(&t, &t));
		tokens_release(&t);
		assert(*kept->text);
		token_drop(kept);
	}
	free(text);
	return 0;
}
