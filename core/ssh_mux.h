/* What OpenSSH's ssh speaks on the socket of a ControlMaster (its file
 * PROTOCOL.mux, version 4), from the side of one who asks.  Descriptors go
 * along outside of the messages, one byte each, right behind the request. */
#ifndef CORE_SSH_MUX_H
#define CORE_SSH_MUX_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/bytes.h"

#define SSH_MUX_MAX 16384 /* no answer of a master is near that long */

enum ssh_mux_type {
	SSH_MUX_HELLO,	 /* the first */
	SSH_MUX_OK,
	SSH_MUX_NO,	 /* refused or failed: text */
	SSH_MUX_EXIT,	 /* number: the status */
	SSH_MUX_ALIVE,	 /* number: the master's pid */
	SSH_MUX_OPENED,	 /* number: of the channel */
	SSH_MUX_PORT,	 /* number: it was picked for a remote forward */
	SSH_MUX_OTHER,	 /* nothing that we need to know */
};

struct ssh_mux_msg {
	enum ssh_mux_type type;
	uint32_t id; /* of the request; of EXIT: the channel */
	uint32_t number;
	struct span text;
};

struct ssh_mux { /* all zero is ready */
	struct buf in;
	size_t spent;
	int err;
	uint8_t begun; /* the hello has come */
};

/* 1 a message, borrowed until the next call; 0: all bytes are taken and more
 * are needed; <0: this is no master, or of another version; sticky. */
int ssh_mux_take(struct ssh_mux *m, const uint8_t **p, size_t *n,
    struct ssh_mux_msg *msg);
void ssh_mux_release(struct ssh_mux *m);

void ssh_mux_put_hello(struct buf *to);
/* Stdin, stdout and stderr follow. */
void ssh_mux_put_session(struct buf *to, uint32_t id, const char *command);
/* Stdin and stdout follow. */
void ssh_mux_put_stdio(struct buf *to, uint32_t id, const char *host,
    int port);
void ssh_mux_put_alive(struct buf *to, uint32_t id);
/* A listener there: bind "" is loopback, port 0 is answered by PORT. */
void ssh_mux_put_remote(struct buf *to, uint32_t id, const char *bind,
    int port, const char *host, int to_port);

#endif
