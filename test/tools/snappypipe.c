// SPDX-License-Identifier: MIT
/* The framing format from standard input to standard output:
 *   snappypipe encode|decode [PIECE]     PIECE bytes at a time
 * Exit 1 for what is no such stream, or ends inside a chunk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/filter_snappy.h"

static int
decode(struct filter_snappy *f, const uint8_t *p, size_t n)
{
	struct span s;
	int r;

	filter_snappy_feed(f, p, n);
	while ((r = filter_snappy_next(f, &s)) > 0)
		fwrite(s.p, 1, s.n, stdout);
	return r;
}

int
main(int argc, char **argv)
{
	size_t piece = argc > 2 ? strtoul(argv[2], NULL, 10) : 65536, n;
	struct filter_snappy f = { 0 };
	struct buf out = { 0 };
	uint8_t *in;
	int r = 0;

	if (argc < 2 || piece == 0 || !(in = malloc(piece)))
		return 2;
	while (r == 0 && (n = fread(in, 1, piece, stdin)) > 0) {
		if (strcmp(argv[1], "decode") == 0) {
			r = decode(&f, in, n);
			continue;
		}
		filter_snappy_encode(&f, &out, in, n);
		fwrite(buf_peek(&out), 1, buf_len(&out), stdout);
		buf_take(&out, buf_len(&out));
	}
	if (r == 0 && !filter_snappy_whole(&f))
		r = -1;
	filter_snappy_release(&f);
	buf_free(&out);
	free(in);
	return r < 0;
}
