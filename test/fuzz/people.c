// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "core/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What can be read can be written to, and then says what was written. */
static void
save(const char *text, size_t n, const struct people *was)
{
	static char *ports[] = { "8000" };
	static const struct people_tunnel t = { .name = "dev", .to = "gpu-1",
		.local = { ports, 1 } };
	bool had = people_tunnel(was, "dev") != NULL;
	struct buf to = { 0 }, why = { 0 };
	const struct people_tunnel *back;
	struct people now;

	if (people_save_tunnel(&to, text, n, &t) == 0) {
		if (people_read(&now, buf_text(&to), buf_len(&to), "f",
			&why) < 0)
			abort();
		back = people_tunnel(&now, "dev");
		if (!back || strcmp(back->to, "gpu-1") != 0 ||
		    back->local.n != 1 || now.ntunnels != was->ntunnels + !had ||
		    now.nworkers != was->nworkers ||
		    now.nbastions != was->nbastions)
			abort();
		people_release(&now);
	}
	buf_free(&to);
	buf_free(&why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	struct buf why = { 0 };
	struct people p;

	if (people_read(&p, text, n, "f", &why) == 0) {
		if (buf_len(&why))
			abort();
		save(text, n, &p);
		people_release(&p);
	} else if (buf_len(&why) == 0) {
		abort();
	}
	buf_free(&why);
	return 0;
}
