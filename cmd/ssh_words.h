/* The command line of ssh: ours and the user's words in the order that ssh
 * wants, where what is said first counts. */
#ifndef CMD_SSH_WORDS_H
#define CMD_SSH_WORDS_H

#include <stddef.h>

/* How many of the words are options of ssh, with their values; behind these a
 * command starts, or there is none. */
size_t ssh_words_options(char *const *words, size_t n);

struct ssh_words { /* what goes between the user's options and his command */
	const char *const *ours; /* ends with NULL */
	const char *host;
};
/* "ssh", the options, ours, the host, the command and NULL; the array is the
 * caller's, its texts are borrowed. */
char **ssh_words_make(const struct ssh_words *w, char *const *words, size_t n);

#endif
