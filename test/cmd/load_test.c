// SPDX-License-Identifier: MIT
#include "cmd/load.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/applet.h"
#include "cmd/notify.h"
#include "core/mem.h"
#include "test/t.h"

static char *
temp_file(char *to, const char *text, size_t n, mode_t mode)
{
	int fd;

	strcpy(to, "/tmp/culvert-load-XXXXXX");
	fd = mkstemp(to);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n ||
	    fchmod(fd, mode) < 0)
		return NULL;
	close(fd);
	return to;
}

TEST(load_reads_a_file_whole_and_tells_who_may)
{
	struct buf b = { 0 }, why = { 0 };
	char path[64];
	bool all = true;

	if (!CHECK(temp_file(path, "a = 1\n", 6, 0600)))
		return;
	CHECK(load_file(path, &b, &all, &why) == 0 && !all);
	CHECK_STR(buf_text(&b), "a = 1\n");
	chmod(path, 0644);
	CHECK(load_file(path, &b, &all, &why) == 0 && all);
	buf_free(&b);
	unlink(path);
}

TEST(load_fails_in_the_words_of_go)
{
	struct buf b = { 0 }, why = { 0 };

	CHECK(load_file("/nonexistent/x", &b, NULL, &why) < 0);
	CHECK_STR(buf_text(&why),
	    "open /nonexistent/x: no such file or directory");
	buf_free(&why);
	CHECK(load_file("/tmp", &b, NULL, &why) < 0);
	CHECK_STR(buf_text(&why), "read /tmp: is a directory");
	buf_free(&why);
	CHECK(load_file("/dev/zero", &b, NULL, &why) < 0);
	CHECK_STR(buf_text(&why), "read /dev/zero: larger than 4 MiB");
	buf_free(&why);
	buf_free(&b);
}

TEST(load_takes_four_mib_and_not_a_byte_more)
{
	struct buf b = { 0 }, why = { 0 };
	char path[64];

	if (!CHECK(temp_file(path, "", 0, 0600)))
		return;
	CHECK(truncate(path, LOAD_MAX) == 0);
	CHECK(load_file(path, &b, NULL, &why) == 0);
	CHECK(buf_len(&b) == LOAD_MAX);
	buf_free(&b);
	CHECK(truncate(path, LOAD_MAX + 1) == 0);
	CHECK(load_file(path, &b, NULL, &why) < 0);
	buf_free(&b);
	buf_free(&why);
	unlink(path);
}

TEST(load_trims_secrets_and_refuses_zero_bytes_in_texts)
{
	struct buf why = { 0 };
	char path[64], *s;

	if (!CHECK(temp_file(path, " \t a b\n\r\n", 9, 0600)))
		return;
	s = load_secret(path, &why);
	CHECK_STR(s, "a b");
	mem_free_secret(s);
	unlink(path);
	if (!CHECK(temp_file(path, "a\0b", 3, 0600)))
		return;
	CHECK(load_secret(path, &why) == NULL && buf_len(&why));
	buf_free(&why);
	unlink(path);
	if (!CHECK(temp_file(path, " \n", 2, 0600)))
		return;
	s = load_secret(path, &why);
	CHECK_STR(s, "");
	mem_free_secret(s);
	unlink(path);
}

static void
not_again(const char *path, const char *said)
{
	struct buf why = { 0 };

	CHECK(load_again(path, &why) == NULL);
	if (!CHECK(strstr(buf_text(&why), said) != NULL))
		printf("    %s\n", buf_text(&why));
	buf_free(&why);
}

TEST(load_again_wants_a_regular_file_that_is_not_empty)
{
	struct buf why = { 0 };
	char path[64], *s;

	not_again("/nonexistent/x", "open /nonexistent/x: no such file");
	not_again("/tmp", "not a regular file");
	not_again("/dev/zero", "not a regular file");
	if (!CHECK(temp_file(path, " \t\r\n", 4, 0600)))
		return;
	not_again(path, "the file is empty");
	CHECK(truncate(path, 0) == 0);
	not_again(path, "the file is empty");
	CHECK(truncate(path, 3) == 0);
	not_again(path, "not a text file");
	unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	not_again(path, "not a regular file"); /* at once */
	unlink(path);
	if (!CHECK(temp_file(path, " a \n", 4, 0600)))
		return;
	s = load_again(path, &why);
	CHECK_STR(s, " a \n");
	mem_free_secret(s);
	unlink(path);
}

static void
check_notify(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char got[32] = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, strlen(name));
	if (*name == '@')
		at.sun_path[0] = '\0';
	if (!CHECK(bind(fd, (const struct sockaddr *)&at,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(name))) == 0))
		return;
	notify_send(name, "READY=1");
	CHECK(recv(fd, got, sizeof(got) - 1, 0) == 7);
	CHECK_STR(got, "READY=1");
	close(fd);
}

TEST(notify_reaches_sockets_with_a_path_and_abstract_ones)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/culvert-notify-%d", (int)getpid());
	check_notify(name);
	unlink(name);
	name[0] = '@';
	check_notify(name);
	notify_send(NULL, "READY=1");
	notify_send("", "READY=1");
	notify_send("relative", "READY=1");
}

TEST(applet_names_are_found_and_near_ones_recognised)
{
	CHECK(applet_find("frps") == &applet_frps);
	CHECK(applet_find("server") == &applet_frps);
	CHECK(applet_find("client") == &applet_frpc);
	CHECK(!applet_find("frp") && !applet_find(""));
	CHECK(applet_near("tcp", "tpc"));
	CHECK(applet_near("tcpmux", "TCP"));
	CHECK(applet_near("verify", "verfy"));
	CHECK(!applet_near("verify", "tcp"));
	CHECK(!applet_near("http", ""));
	CHECK(!applet_near("status", "s2345"));
}
