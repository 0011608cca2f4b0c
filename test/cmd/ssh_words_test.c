// SPDX-License-Identifier: MIT
#include "cmd/ssh_words.h"

#include "core/buf.h"
#include "test/t.h"

/* words: the user's, with blanks between, as a line; the whole line comes
 * out the same way. */
static void
makes(const char *words, size_t options, const char *want)
{
	static const char *const ours[] = { "-o", "x=y", NULL };
	const struct ssh_words w = { .ours = ours, .host = "gpu-1" };
	char copy[200], *v[20], **argv, *rest = NULL;
	struct buf line = { 0 };
	size_t n = 0, i;

	snprintf(copy, sizeof(copy), "%s", words);
	for (v[n] = strtok_r(copy, " ", &rest); v[n];
	     v[n] = strtok_r(NULL, " ", &rest))
		n++;
	CHECK(ssh_words_options(v, n) == options);
	argv = ssh_words_make(&w, v, n);
	for (i = 0; argv[i]; i++)
		buf_printf(&line, "%s%s", i ? " " : "", argv[i]);
	CHECK_STR(buf_text(&line), want);
	buf_free(&line);
	free(argv);
}

TEST(ssh_words_are_options_first_then_a_command)
{
	makes("", 0, "ssh -o x=y gpu-1");
	makes("ls", 0, "ssh -o x=y gpu-1 -- ls");
	makes("nvidia-smi -l", 0, "ssh -o x=y gpu-1 -- nvidia-smi -l");
	makes("-L 8888:localhost:8888", 2,
	    "ssh -L 8888:localhost:8888 -o x=y gpu-1");
	makes("-L8888:localhost:8888 -N", 2,
	    "ssh -L8888:localhost:8888 -N -o x=y gpu-1");
	makes("-tL 1:h:2 -X top -b", 3,
	    "ssh -tL 1:h:2 -X -o x=y gpu-1 -- top -b");
	makes("-o StrictHostKeyChecking=no uname -a", 2,
	    "ssh -o StrictHostKeyChecking=no -o x=y gpu-1 -- uname -a");
	makes("-A -- -odd command", 1, "ssh -A -o x=y gpu-1 -- -odd command");
	makes("- x", 0, "ssh -o x=y gpu-1 -- - x");
}

TEST(ssh_words_bear_an_option_without_its_value)
{
	makes("-L", 1, "ssh -L -o x=y gpu-1");
	makes("-4L", 1, "ssh -4L -o x=y gpu-1");
}
