/* What the files of the tunnel commands share. */
#ifndef CMD_TUNNEL_H
#define CMD_TUNNEL_H

#include "cmd/people.h"
#include "cmd/tunnel_place.h"
#include "core/forward_spec.h"
#include "core/ssh_target.h"
#include "core/value.h"
#include "net/tunnel.h"

#define TUNNEL_USAGE (-2) /* beside -1: the command line is wrong */

struct tunnel_opts {
	struct people_opts people;
	char *to, *ssh, *key, *jump;
	struct strings local, dynamic, remote;
	int64_t timeout; /* ns */
	bool foreground, auto_port, save, json, watch, quiet, all;
};

int tunnel_start(const struct call *c);
int tunnel_stop(const struct call *c);
int tunnel_status(const struct call *c);

/* The one name that may be given; NULL: none.  false: it was told why not. */
bool tunnel_one_name(const struct call *c, const char **name);
int tunnel_misuse(const struct call *c, const char *why);

/* ---- what a start is about ---- */

struct tunnel_plan {
	const char *name;
	char *far_name; /* "gpu-1", "user@host" */
	struct person person;
	struct forward_specs specs;
	struct tunnel_sockets *sockets;
	struct far_conf far;
	struct far_ssh_conf ssh;
	struct ssh_target target;
	char *key, *jump, *known_hosts;
	bool auto_port, foreground;
	int64_t timeout_ms;
};

/* From options and settings; nothing is bound.  0, or <0 and why. */
int tunnel_plan(struct tunnel_plan *p, const struct call *c, const char *name,
    struct buf *why);
void tunnel_plan_release(struct tunnel_plan *p);
/* What was given becomes [tunnels.NAME] of the settings file. */
int tunnel_save(const struct tunnel_plan *p, const struct tunnel_opts *o,
    struct buf *why);

/* ---- the process that keeps it up ---- */

/* What it says of itself until it stands; a letter and a text a line. */
enum tunnel_word {
	TUNNEL_STEP = 'S',  /* what is done now */
	TUNNEL_NOTE = 'N',  /* for standard error */
	TUNNEL_LINE = 'L',  /* for standard output */
	TUNNEL_READY = 'R', /* its pid; the last word */
	TUNNEL_FAIL = 'F',  /* why; the last word */
};
typedef void tunnel_say(void *arg, enum tunnel_word w, const char *text);

struct tunnel_super_conf {
	struct tunnel_plan *plan;
	const struct place *place;
	int lock;   /* inherited, closed by the end of the process */
	int parent; /* a socket to who waits for it, or -1: foreground */
	tunnel_say *say; /* foreground */
	void *arg;
	struct say *console;
};
/* Returns the exit status when it is over. */
int tunnel_super(const struct tunnel_super_conf *conf);

/* ---- what it tells ---- */

struct tunnel_fact {
	const char *name, *to;
	struct tunnel *tunnel;
	enum far_state state;
	uint64_t now, next; /* loop_now; of the next try, 0: none */
};
void tunnel_report(struct buf *to, const struct tunnel_fact *f);

/* Asked to end, told to, made to: returns when it has, or <0: it has not. */
int tunnel_end(const struct place *p, const char *name);

/* What one tunnel says, asked over its socket. */
struct tunnel_answer {
	enum place_state state;
	struct place_owner owner; /* pid 0: not known */
	struct value *told;	  /* NULL: no answer, or nobody there */
	struct buf text;	  /* the same as it came */
};
void tunnel_ask(const struct place *p, const char *name, const char *question,
    struct tunnel_answer *a);
void tunnel_answer_release(struct tunnel_answer *a);
/* The table for people. */
void tunnel_table(struct buf *to, const char *name,
    const struct tunnel_answer *a, bool color);

#endif
