// SPDX-License-Identifier: MIT
#include "net/proxy_secret.h"

#include "net/server_internal.h"

int
secret_open(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r)
{
	struct session *s = p->session;

	(void)r;
	log_info(s->sv->log, "[%s] [%s] %s proxy custom listen success",
	    s->tag, p->name, p->type->conf->name);
	if (!m->sk || !*m->sk) /* frp allows it, and says nothing */
		log_warn(s->sv->log, "[%s] [%s] its secretKey is empty: whoever "
		    "knows its name may reach it", s->tag, p->name);
	return 0;
}

void
secret_close(struct proxy *p)
{
	(void)p; /* there is nothing but the name */
}

void
secret_describe(const struct proxy_conf *c, struct msg_new_proxy *m)
{
	m->sk = c->secret_key;
	m->allow_users = c->allow_users;
}

const struct config_row secret_rows[] = {
	CONFIG_SECRET_ROWS,
	{ .path = NULL },
};
