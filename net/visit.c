// SPDX-License-Identifier: MIT
/* NewVisitorConn: somebody comes to a secret service by its name. */
#include "net/server_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/auth.h"
#include "net/wrap.h"

static void
put_answer(struct server *sv, struct buf *out, const char *name,
    const char *error, bool ours)
{
	struct msg m = { .type = MSG_NEW_VISITOR_CONN_RESP };

	m.u.new_visitor_conn_resp.name = (char *)(uintptr_t)name;
	m.u.new_visitor_conn_resp.ours = ours;
	if (error)
		m.u.new_visitor_conn_resp.error =
		    (char *)(uintptr_t)session_detail(sv, error,
			"register visitor conn error");
	wire_put(out, &m);
}

/* An empty list means the owner's own user, which may be the empty one. */
static bool
user_allowed(const struct proxy *p, const char *user)
{
	size_t i;

	if (p->allow_users.n == 0)
		return strcmp(p->session->user, user) == 0;
	for (i = 0; i < p->allow_users.n; i++)
		if (strcmp(p->allow_users.v[i], "*") == 0 ||
		    strcmp(p->allow_users.v[i], user) == 0)
			return true;
	return false;
}

/* Does s come from the client whose run id it names?  On a link it does if it
 * is of that one; else the client may have said that it signs. */
static bool
comes_from(struct stream *s, struct session *of,
    const struct msg_new_visitor_conn *v)
{
	if (of->link)
		return link_of(s) == of->link;
	return !of->signs || session_auth(of, v->timestamp, v->key);
}

/* The proxy that v may come to; or NULL and why not: with what to refuse
 * it. */
static struct proxy *
find(struct server *sv, struct stream *stream,
    const struct msg_new_visitor_conn *v, const char *name, char *why,
    size_t n, enum greeting *how)
{
	struct session *s = NULL;
	const char *user = "";
	char tag[TEXT_TAG];
	struct proxy *p;

	*how = GREET_WRONG;
	if (v->run_id && *v->run_id) {
		s = map_str(&sv->runs, v->run_id);
		if (!s || !comes_from(stream, s, v)) {
			text_tag(tag, v->run_id);
			snprintf(why, n, "no client control found for run id "
			    "[%s]", tag);
			return NULL;
		}
		user = s->user;
	}
	p = map_str(&sv->names, name);
	if (!p || !p->type->visited) {
		*how = GREET_ABSENT; /* its client may come back */
		snprintf(why, n, "custom listener for [%.120s] doesn't exist",
		    name);
		return NULL;
	}
	if (!auth_ok(p->secret, v->timestamp, v->sign_key)) {
		snprintf(why, n, "visitor connection of [%.120s] auth failed",
		    name);
		return NULL;
	}
	if (!user_allowed(p, user)) {
		*how = GREET_NO;
		snprintf(why, n, "visitor connection of [%.120s] user [%.64s] "
		    "not allowed", name, user);
		return NULL;
	}
	return p;
}

enum greeting
visit(struct server *sv, struct stream *s, const char *from,
    const struct msg *m, struct buf *no)
{
	const struct msg_new_visitor_conn *v = &m->u.new_visitor_conn;
	const char *name = v->name ? v->name : "";
	struct user_addrs by = { .src_port = 0 };
	struct buf yes = { 0 };
	struct addr at;
	char why[280];
	enum greeting how_not;
	struct proxy *p = find(sv, s, v, name, why, sizeof(why),
	    &how_not);
	struct wrap_how how = { v->use_encryption, v->use_compression,
		p ? p->secret : NULL, name };
	bool ours = v->ours == 1 && p && p->ours;

	if (!p) {
		if (how_not == GREET_NO || source_may_say(sv, from, SAY_VISIT))
			log_warn(sv->log, "register visitor conn error: %s",
			    why);
		put_answer(sv, no, name, why, false);
		return how_not;
	}
	log_info(sv->log, "[%s] [%s] get a visitor connection",
	    p->session->tag, p->name);
	put_answer(sv, &yes, name, NULL, ours);
	stream_put(s, buf_peek(&yes), buf_len(&yes));
	stream_flush(s);
	buf_free(&yes);
	if (addr_server(&at, from, 0) == 0) {
		addr_ip(&at, by.src);
		by.src_port = addr_port(&at);
	}
	user_join(p, wrap_new(sv->l, s, &how), &by, ours);
	return GREET_DONE;
}
