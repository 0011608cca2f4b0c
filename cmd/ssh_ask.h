/* What ssh makes of its settings, before it is run. */
#ifndef CMD_SSH_ASK_H
#define CMD_SSH_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* asks: for this host and these words ssh would ask about an unknown key, as
 * it does where nothing is configured.  <0: there is no ssh. */
int ssh_ask(const char *host, char *const *words, size_t n, bool *asks);

#endif
