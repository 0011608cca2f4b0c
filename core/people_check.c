// SPDX-License-Identifier: MIT
#include "core/people_check.h"

#include <ctype.h>
#include <string.h>

static bool
is_protocol(const char *s)
{
	return strcmp(s, "tcp") == 0 || strcmp(s, "websocket") == 0 ||
	    strcmp(s, "wss") == 0;
}

const char *
people_check_bastion(const void *item)
{
	const struct people_bastion *b = item;

	if (!b->server)
		return "'server' is missing";
	if (b->token && b->token_file)
		return "either 'token' or 'tokenFile'";
	if (b->protocol && !is_protocol(b->protocol))
		return "'protocol' is tcp, websocket or wss";
	if (!b->tls && (b->pin || b->ca))
		return "'pin' and 'trustedCaFile' need 'tls'";
	return NULL;
}

const char *
people_check_worker(const void *item)
{
	const struct people_worker *w = item;

	if (w->secret && w->secret_file)
		return "either 'secret' or 'secretFile'";
	return NULL;
}

const char *
people_check_tunnel(const void *item)
{
	const struct people_tunnel *t = item;

	if (!t->to == !t->ssh)
		return "either 'to', a worker, or 'ssh', a host";
	if (t->to && (t->key || t->jump))
		return "'key' and 'jump' go with 'ssh'";
	if (t->local.n + t->dynamic.n + t->remote.n == 0)
		return "'local', 'dynamic' or 'remote' is missing";
	return NULL;
}

bool
people_is_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > PEOPLE_NAME || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

const struct people_bastion *
people_bastion(const struct people *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nbastions; i++) {
		const char *is = p->bastions[i].name;

		if (name && is ? strcmp(name, is) == 0 : name == is)
			return &p->bastions[i];
	}
	return NULL;
}

const struct people_worker *
people_worker(const struct people *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nworkers; i++)
		if (strcmp(p->workers[i].name, name) == 0)
			return &p->workers[i];
	return NULL;
}

const struct people_tunnel *
people_tunnel(const struct people *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->ntunnels; i++)
		if (strcmp(p->tunnels[i].name, name) == 0)
			return &p->tunnels[i];
	return NULL;
}
