// SPDX-License-Identifier: MIT
#include "net/holder.h"
#include "net/listen.h"
#include "net/tunnel_internal.h"
#include "test/net/net.h"

struct world {
	struct forward_specs specs;
	struct tunnel_sockets *s;
	struct buf why;
	int r, fds;
};

/* Binds what is said, in "L 8000" or as printf has it. */
static void
bind_it(struct world *w, bool auto_port, const char *form, int port)
{
	char text[100];

	*w = (struct world){ .fds = net_fds() };
	snprintf(text, sizeof(text), form, port);
	CHECK(forward_specs_add(&w->specs, FORWARD_LOCAL, text, &w->why) ==
	    0);
	w->r = tunnel_bind(&w->s, &w->specs, auto_port, &w->why);
	CHECK((w->r < 0) == (w->s == NULL));
	CHECK((w->r < 0) == (buf_len(&w->why) > 0));
}

static void
end(struct world *w)
{
	tunnel_sockets_close(w->s);
	CHECK(net_fds() == w->fds);
	forward_specs_release(&w->specs);
	buf_free(&w->why);
}

static bool
says(struct world *w, const char *part)
{
	return w->r < 0 && strstr(buf_text(&w->why), part);
}

static int
hold_port(const char *host, int port, int type, int *fd)
{
	struct addr a;

	addr_literal(&a, host, port);
	*fd = listen_bind(&a, type, true);
	CHECK(*fd >= 0 && addr_of_self(&a, *fd));
	return addr_port(&a);
}

static bool
is_free(int port)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	struct addr a;
	int i, fd;

	for (i = 0; i < 4; i++) {
		addr_literal(&a, hosts[i % 2], port);
		fd = listen_bind(&a, i / 2 ? SOCK_DGRAM : SOCK_STREAM, true);
		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

/* One that nobody has just now, in either family: none of those that the
 * kernel gives to whoever connects, which may be taken in one of them. */
static int
free_port(void)
{
	static int port;

	if (!port)
		port = 10000 + (int)getpid() % 20000;
	do
		port++;
	while (!is_free(port));
	return port;
}

TEST(tunnel_binds_both_families_on_one_port)
{
	struct world w;
	struct addr a;
	int i, port = free_port();

	bind_it(&w, false, "%d", port);
	if (CHECK(w.r == 0 && w.s->n == 1)) {
		for (i = 0; i < 2; i++) {
			CHECK(addr_of_self(&a, w.s->v[0].fd[i]));
			CHECK(addr_port(&a) == port);
			CHECK((a.at.ss_family == AF_INET6) == (i == 1));
		}
	}
	end(&w);
	bind_it(&w, false, "127.0.0.1:%d", port);
	CHECK(w.r == 0 && w.s->v[0].fd[1] == -1);
	end(&w);
	bind_it(&w, false, "*:%d/udp", port);
	CHECK(w.r == 0 && w.s->v[0].fd[1] >= 0);
	end(&w);
}

TEST(tunnel_names_who_has_a_port_in_either_family)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	char want[100];
	struct world w;
	int i, fd, port, type;

	for (i = 0; i < 4; i++) {
		type = i / 2 ? SOCK_DGRAM : SOCK_STREAM;
		port = hold_port(hosts[i % 2], free_port(), type, &fd);
		bind_it(&w, false, i / 2 ? "%d/udp" : "%d", port);
		snprintf(want, sizeof(want), i % 2 ?
		    "[::1]:%d%s is taken by 'unit' (pid %d)" :
		    "127.0.0.1:%d%s is taken by 'unit' (pid %d)", port,
		    i / 2 ? "/udp" : "", (int)getpid());
		if (!CHECK(says(&w, want)))
			printf("    %s, not %s\n", buf_text(&w.why), want);
		end(&w);
		close(fd);
	}
}

TEST(tunnel_takes_another_port_only_when_it_may)
{
	struct world w;
	int fd, port = hold_port("::1", free_port(), SOCK_STREAM, &fd);

	bind_it(&w, true, "%d", port);
	CHECK(w.r == 0 && w.specs.v[0].port != port);
	CHECK(w.specs.v[0].to == port);
	end(&w);
	close(fd);
	bind_it(&w, true, "%d:h:80", 0);
	CHECK(w.r == 0 && w.specs.v[0].port > 0);
	end(&w);
	bind_it(&w, false, "%d:h:80", 0);
	CHECK(says(&w, "--auto-port"));
	end(&w);
}

TEST(tunnel_binds_all_or_none)
{
	struct world w;
	char text[32];
	int fd, port = hold_port("127.0.0.1", free_port(), SOCK_STREAM, &fd);

	bind_it(&w, true, "%d:h:80", 0);
	tunnel_sockets_close(w.s);
	snprintf(text, sizeof(text), "%d", port);
	CHECK(forward_specs_add(&w.specs, FORWARD_LOCAL, text, &w.why) == 0);
	w.r = tunnel_bind(&w.s, &w.specs, false, &w.why);
	CHECK(says(&w, "is taken by"));
	end(&w);
	close(fd);
	bind_it(&w, false, "192.0.2.1:%d", 8000);
	CHECK(says(&w, "192.0.2.1:8000 is no address of this host"));
	end(&w);
}
