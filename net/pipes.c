// SPDX-License-Identifier: MIT
#include "net/pipes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/mem.h"

#define PIPES_SPARE 8	/* kept empty */
#define PIPES_MOST  128 /* at once, so that users keep their descriptors */

static void
destroy(struct loop *l, struct pipe_pair *p)
{
	close(p->r);
	close(p->w);
	free(p);
	l->npipes--;
}

struct pipe_pair *
pipes_take(struct loop *l)
{
	struct pipe_pair *p = l->pipes;
	int fd[2];

	if (p) {
		l->pipes = p->next;
		l->nspare--;
		return p;
	}
	if (l->npipes >= PIPES_MOST || pipe2(fd, O_NONBLOCK | O_CLOEXEC) < 0)
		return NULL;
	/* a smaller one, where the system gives no more, does as well */
	(void)fcntl(fd[1], F_SETPIPE_SZ, LOOP_BLOCK);
	p = mem_new(struct pipe_pair);
	p->r = fd[0];
	p->w = fd[1];
	l->npipes++;
	return p;
}

void
pipes_give(struct loop *l, struct pipe_pair *p)
{
	if (!p)
		return;
	if (p->n || l->nspare >= PIPES_SPARE) {
		destroy(l, p);
		return;
	}
	p->next = l->pipes;
	l->pipes = p;
	l->nspare++;
}

void
pipes_free(struct loop *l)
{
	while (l->pipes) {
		struct pipe_pair *p = l->pipes;

		l->pipes = p->next;
		destroy(l, p);
	}
	l->nspare = 0;
}
