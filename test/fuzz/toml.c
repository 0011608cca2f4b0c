// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "core/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct value_error e;
	struct value *v = toml_parse((const char *)p, n, &e);

	if (!v && (!e.text[0] || !e.line || strlen(e.text) >= sizeof(e.text)))
		abort();
	value_free(v);
	return 0;
}
