// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "core/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char one[] = "A=1", two[] = "TOKEN=x<y", *env[] = { one, two, NULL };
	struct template_gaps gaps = { 0 };
	struct buf out = { 0 }, why = { 0 };
	int r = template_render((const char *)p, n, env, &out, &gaps, &why);

	if ((r < 0) != (buf_len(&why) > 0))
		abort();
	buf_free(&out);
	buf_free(&why);
	template_gaps_release(&gaps);
	return 0;
}
