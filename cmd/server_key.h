/* The own key of a server that was given no certificate: made once, and kept
 * where its state is, so that its pin stays. */
#ifndef CMD_SERVER_KEY_H
#define CMD_SERVER_KEY_H

#include "core/buf.h"
#include "core/config.h"

/* *to: the key as PEM, for mem_free_secret.  NULL when there is a certificate,
 * and when the key cannot be kept: the server starts all the same, with a new
 * one.  note: what is to be warned of.  <0: there is one that is not to be
 * used, which is no reason for another pin; why says so. */
int server_key(const struct server_conf *c, char *const *env, char **to,
    struct buf *note, struct buf *why);

#endif
