// SPDX-License-Identifier: MIT
#include "cmd/ssh_words.h"

#include <stdint.h>
#include <string.h>

#include "core/mem.h"

#define TAKE_VALUES "BDEFIJLOPQRSWbceilmopw" /* ssh(1), up to 10.0 */

/* "-4L": is the value of its last letter the next word? */
static int
wants_next(const char *word)
{
	for (word++; *word; word++)
		if (strchr(TAKE_VALUES, *word))
			return word[1] == '\0';
	return 0;
}

size_t
ssh_words_options(char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(words[i], "--") == 0 || words[i][0] != '-' ||
		    !words[i][1])
			break;
		if (wants_next(words[i]) && i + 1 < n)
			i++;
	}
	return i;
}

char **
ssh_words_make(const struct ssh_words *w, char *const *words, size_t n)
{
	size_t options = ssh_words_options(words, n), i, ours = 0, at = 0;
	char **argv;

	while (w->ours[ours])
		ours++;
	argv = mem_zero((n + ours + 4) * sizeof(*argv));
	argv[at++] = "ssh";
	for (i = 0; i < options; i++)
		argv[at++] = words[i];
	for (i = 0; i < ours; i++)
		argv[at++] = (char *)(uintptr_t)w->ours[i];
	argv[at++] = (char *)(uintptr_t)w->host;
	/* behind its host ssh looks for options once more: "--" ends that */
	if (options < n && strcmp(words[options], "--") != 0)
		argv[at++] = "--";
	for (i = options; i < n; i++)
		argv[at++] = words[i];
	return argv;
}
