// SPDX-License-Identifier: MIT
#include "net/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/conn.h"
#include "net/listen.h"
#include "net/owner.h"

#define ADMIN_MS   10000 /* without a question */
#define ADMIN_MOST 32	 /* who ask at a time */

struct admin {
	struct loop *l;
	struct listener *listener;
	struct list asking;
	size_t n;
	admin_cb *cb;
	void *arg;
	struct deferred gone;
};

struct asker {
	struct admin *admin;
	struct list at;
	struct stream *s;
	struct buf line;
	struct timer late;
	struct deferred gone;
	bool over;
};

static void
free_asker(struct deferred *d)
{
	struct asker *k = list_item(d, struct asker, gone);

	buf_free(&k->line);
	free(k);
}

static void
end(struct asker *k, bool gentle)
{
	if (k->over)
		return;
	k->over = true;
	list_del(&k->at);
	k->admin->n--;
	timer_stop(&k->late);
	(gentle ? stream_linger : stream_close)(k->s);
	loop_defer(k->admin->l, &k->gone, free_asker);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	end(arg, false);
}

static void
answer(struct asker *k, size_t n)
{
	struct admin *a = k->admin;
	struct buf out = { 0 };
	char *line = mem_dupn((const char *)buf_peek(&k->line), n);

	buf_take(&k->line, n + 1);
	a->cb(a->arg, line, &out);
	buf_puts(&out, "\n");
	stream_put(k->s, buf_peek(&out), buf_len(&out));
	stream_flush(k->s);
	buf_free(&out);
	free(line);
}

static void
feed(struct asker *k, const uint8_t *p, size_t n)
{
	const uint8_t *stop;

	if (buf_len(&k->line) + n > ADMIN_LINE_MAX) {
		end(k, false);
		return;
	}
	buf_put(&k->line, p, n);
	stream_consumed(k->s, n);
	while (!k->over && buf_len(&k->line) &&
	    (stop = memchr(buf_peek(&k->line), '\n', buf_len(&k->line)))) {
		/* who does not read what was said gets no more */
		if (stream_queued(k->s)) {
			end(k, false);
			return;
		}
		timer_start(&k->late, k->admin->l, ADMIN_MS, on_late, k);
		answer(k, (size_t)(stop - buf_peek(&k->line)));
	}
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)s;
	if (ev == STREAM_DATA && n)
		feed(arg, p, n);
	else if (ev == STREAM_EOF || ev == STREAM_ERROR)
		end(arg, ev == STREAM_EOF);
}

static void
on_asker(void *arg, int fd, const struct addr *from)
{
	struct admin *a = arg;
	struct asker *k;

	(void)from;
	if (owner_check(fd, NULL) < 0 || a->n >= ADMIN_MOST) {
		close(fd);
		return;
	}
	k = mem_new(struct asker);
	k->admin = a;
	k->s = conn_new(a->l, fd);
	list_add(&a->asking, &k->at);
	a->n++;
	stream_on(k->s, on_stream, k);
	stream_want(k->s, true);
	timer_start(&k->late, a->l, ADMIN_MS, on_late, k);
}

static bool
address(struct sockaddr_un *to, const char *path)
{
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(to->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(to->sun_path, path);
	return true;
}

int
admin_bind(const char *path)
{
	struct sockaddr_un at;
	mode_t mask;
	int fd, r, error;

	if (!address(&at, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mask = umask(077);
	r = bind(fd, (struct sockaddr *)&at, sizeof(at));
	error = errno;
	umask(mask);
	if (r == 0 && listen(fd, ADMIN_MOST) == 0)
		return fd;
	if (r == 0)
		error = errno;
	close(fd);
	errno = error;
	return -1;
}

struct admin *
admin_new(struct loop *l, int fd_taken, admin_cb *cb, void *arg)
{
	struct admin *a = mem_new(struct admin);

	a->l = l;
	a->cb = cb;
	a->arg = arg;
	list_init(&a->asking);
	a->listener = listen_adopt(l, fd_taken, on_asker, a);
	return a;
}

static void
free_admin(struct deferred *d)
{
	free(list_item(d, struct admin, gone));
}

void
admin_free(struct admin *a)
{
	if (!a)
		return;
	listen_close(a->listener);
	while (!list_empty(&a->asking))
		end(list_item(a->asking.next, struct asker, at), true);
	loop_defer(a->l, &a->gone, free_admin);
}
