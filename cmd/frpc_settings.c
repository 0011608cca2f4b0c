// SPDX-License-Identifier: MIT
/* The client's settings: a file, and the files that it includes. */
#include <fnmatch.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/frpc.h"
#include "cmd/load.h"
#include "core/mem.h"
#include "core/proxy_url.h"
#include "net/addr.h"
#include "net/proxy.h"

static int
read_one(struct frpc_opts *o, char *const *env, const char *path,
    bool *open_to_all, struct buf *why,
    int (*take)(struct client_conf *, const struct config_source *,
	struct buf *))
{
	struct config_source from = { .file = path, .strict = o->strict,
		.env = env, .types = &proxy_config_types };
	struct buf text = { 0 };
	int r = load_file(path, &text, open_to_all, why);

	if (r == 0) {
		from.n = buf_len(&text);
		from.text = buf_text(&text);
		r = take(&o->conf, &from, why);
	}
	buf_wipe(&text);
	return r;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in dir that match, sorted; directories are passed over. */
static int
match(const char *dir, const char *pattern, struct strings *to,
    struct buf *why)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t cap = 0;

	if (!d) {
		buf_printf(why, "include: directory of %s/%s not exist", dir,
		    pattern);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		struct buf path = { 0 };
		struct stat st;

		if (fnmatch(pattern, e->d_name, FNM_PERIOD) != 0)
			continue;
		buf_printf(&path, "%s/%s", dir, e->d_name);
		if (stat(buf_text(&path), &st) < 0 || S_ISDIR(st.st_mode)) {
			buf_free(&path);
			continue;
		}
		to->v = mem_slot(to->v, to->n, &cap, sizeof(*to->v));
		to->v[to->n++] = (char *)path.data;
	}
	closedir(d);
	if (to->n)
		qsort(to->v, to->n, sizeof(*to->v), by_text);
	return 0;
}

static int
include(struct frpc_opts *o, char *const *env, const char *glob,
    struct buf *why)
{
	const char *slash = strrchr(glob, '/');
	char *dir = slash ? mem_dupn(glob, (size_t)(slash - glob)) :
			    mem_dup(".");
	struct strings files = { 0 };
	struct buf reason = { 0 };
	int r = match(*dir ? dir : "/", slash ? slash + 1 : glob, &files, why);
	size_t i;

	for (i = 0; i < files.n; i++) {
		if (r == 0 &&
		    read_one(o, env, files.v[i], NULL, &reason,
			config_client_add) < 0) {
			buf_printf(why,
			    "load additional config from %s error: %s",
			    files.v[i], buf_text(&reason));
			r = -1;
		}
		free(files.v[i]);
	}
	free(files.v);
	free(dir);
	buf_free(&reason);
	return r;
}

static int
check_dns(const struct client_conf *c, struct buf *why)
{
	struct addr a;

	if (!c->dns_server || !*c->dns_server ||
	    addr_server(&a, c->dns_server, 53) == 0)
		return 0;
	buf_printf(why, "invalid dnsServer '%s', it is an IP address, with "
	    "or without a port", c->dns_server);
	return -1;
}

static int
check_proxy(const struct client_conf *c, struct buf *why)
{
	struct proxy_url u;
	struct buf reason = { 0 };
	int r = 0;

	if (!c->proxy_url || !*c->proxy_url)
		return 0;
	if (proxy_url_parse(&u, c->proxy_url, &reason) < 0) {
		buf_printf(why, "invalid %s: %s", c->proxy_from_env ?
		    "environment variable http_proxy" :
		    "transport.proxyURL", buf_text(&reason));
		r = -1;
	}
	proxy_url_release(&u);
	buf_free(&reason);
	return r;
}

int
frpc_check_link(const struct client_conf *c, struct buf *why)
{
	return check_dns(c, why) < 0 ? -1 : check_proxy(c, why);
}

int
frpc_read_settings(struct frpc_opts *o, char *const *env, bool *open_to_all,
    struct buf *why)
{
	size_t i;

	if (read_one(o, env, o->config, open_to_all, why,
		config_client_read) < 0)
		return -1;
	/* their names may be what is wrong; that is told in the end */
	for (i = 0; i < o->conf.includes.n && !o->conf.problem; i++)
		if (include(o, env, o->conf.includes.v[i], why) < 0)
			return -1;
	if (config_client_finish(&o->conf, &proxy_config_types, why) < 0)
		return -1;
	return frpc_check_link(&o->conf, why);
}
