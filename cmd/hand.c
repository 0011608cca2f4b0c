// SPDX-License-Identifier: MIT
/* hand NAME: what ssh runs to be given the connection that is there already.
 * Not for people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/applet.h"
#include "net/hand.h"

static int
run_hand(const struct call *c)
{
	if (c->given->nwords != 1)
		return applet_misuse(c, "give one NAME");
	if (hand_pass(c->given->words[0]) == 0)
		return 0;
	fprintf(stderr, "Error: the connection cannot be handed to ssh: %s\n",
	    strerror(errno));
	return 1;
}

const struct applet applet_hand = {
	.root = { .name = "hand", .brief = "hand a connection to ssh",
	    .words = "NAME", .hidden = true, .run = run_hand },
	.misuse = 2,
	.unlinked = true,
};
