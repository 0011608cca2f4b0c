/* Where tunnels are known on this host: a directory of the user's with, for
 * each name, a lock that is held while the tunnel lives, a socket to ask it,
 * and its log. */
#ifndef CMD_TUNNEL_PLACE_H
#define CMD_TUNNEL_PLACE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/strings.h"

#define PLACE_NAME_MAX 64

struct place {
	int dir; /* -1: there is none */
	char *path;
};

/* $CULVERT_STATE_DIR, else culvert in $XDG_RUNTIME_DIR, else in
 * ~/.local/state.  It must be the user's own, and closed to others.  make: it
 * is made; else it may be missing.  0, or <0 and the reason. */
int place_open(struct place *p, char *const *env, bool make, struct buf *why);
void place_close(struct place *p);

bool place_is_name(const char *name);
struct strings place_names(const struct place *p); /* sorted, owned */

enum place_kind {
	PLACE_LOCK, PLACE_SOCKET, PLACE_LOG, PLACE_OLD_LOG, PLACE_SSH,
};
/* "dev.sock"; static for no longer than the buffer. */
const char *place_file(char to[static PLACE_NAME_MAX + 16], const char *name,
    enum place_kind kind);
/* A way to the socket that is short, however long the directory's is. */
const char *place_socket(char to[static PLACE_NAME_MAX + 64],
    const struct place *p, const char *name);

#define PLACE_SSH_DIR 88 /* what leaves ssh room for its socket's name */
/* A directory for this process alone, made anew; <0: why not. */
int place_ssh_dir(char to[static PLACE_SSH_DIR], const struct place *p,
    const char *name, struct buf *why);

struct place_owner {
	int pid;
	unsigned long long started; /* field 22 of /proc/PID/stat */
};

enum place_state { PLACE_FREE, PLACE_DEAD, PLACE_LIVES };
/* DEAD: its owner has gone without a word.  The owner is what it said itself,
 * see place_is_owner. */
enum place_state place_look(const struct place *p, const char *name,
    struct place_owner *o);
/* Does this very process hold the lock's file? */
bool place_is_owner(const struct place *p, const char *name,
    const struct place_owner *o);

#define PLACE_HELD (-2)
/* The lock's descriptor, which is inherited over fork: the lock is held until
 * the last of its processes has ended.  dead: who died holding it, or pid 0.
 * PLACE_HELD, or -1 and the reason. */
int place_lock(const struct place *p, const char *name,
    struct place_owner *dead, struct buf *why);
void place_sign(int lock); /* says that it is this process who holds it */
/* All it has but the log.  Whoever calls holds the lock. */
void place_clear(const struct place *p, const char *name);

#endif
