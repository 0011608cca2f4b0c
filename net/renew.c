// SPDX-License-Identifier: MIT
/* What a server gets at its start, and may get anew while it runs: its
 * certificate, its token, the ports that clients may ask for.  Whoever is
 * there already keeps what he came in with. */
#include "net/server_internal.h"

#include <string.h>

#include "core/mem.h"
#include "crypto/rand.h"

struct tls_conf *
server_tls(struct server *sv, const struct server_files *f, struct buf *why)
{
	struct tls_setup setup = { .cert = f->cert, .key = f->key,
		.ca = f->ca, .own = sv->tls, .own_key = f->own_key };
	struct tls_conf *tls;
	char reason[200];
	uint8_t seed[32];

	rand_bytes(seed, sizeof(seed));
	tls = tls_conf_new(TLS_SERVER, &setup, loop_date(), seed, reason,
	    sizeof(reason));
	mem_wipe(seed, sizeof(seed));
	if (!tls)
		buf_printf(why, "cannot set up TLS: %s", reason);
	return tls;
}

void
server_take_tls(struct server *sv, struct tls_conf *tls,
    const struct server_files *f)
{
	tls_conf_free(sv->tls);
	sv->tls = tls;
	sv->ca = f->ca != NULL;
	sv->tls_force |= sv->ca;
}

void
server_say_pin(struct server *sv)
{
	log_info(sv->log, "certificate pin for clients: transport.tls.pin = "
	    "\"%s\"", tls_conf_pin(sv->tls));
}

static void
add(struct buf *said, const char *what)
{
	buf_printf(said, "%s%s", buf_len(said) ? ", " : "", what);
}

static void
renew_tls(struct server *sv, struct tls_conf *tls,
    const struct server_files *f, struct buf *said)
{
	bool same = strcmp(tls_conf_pin(sv->tls), tls_conf_pin(tls)) == 0;

	server_take_tls(sv, tls, f);
	add(said, same ? "TLS files" : "TLS files with another key");
	if (!same)
		server_say_pin(sv);
}

static void
renew_tokens(struct server *sv, struct token_file *to, struct buf *said)
{
	bool same = tokens_same(&sv->tokens->tokens, &to->tokens);

	token_file_swap(sv->tokens, to);
	if (!same)
		add(said, sv->tokens->tokens.n > 1 ? "the tokens" :
						     "the token");
}

static void
renew_ports(struct server *sv, const struct ranges *allowed,
    struct buf *said)
{
	char text[200];

	if (!ports_allow(sv->ports, allowed))
		return;
	ports_allow(sv->udp_ports, allowed);
	ports_text(sv->ports, text, sizeof(text));
	add(said, "allowPorts, now ");
	buf_puts(said, text);
}

/* Nobody is let in who was not, because a line or a file is missing. */
static const char *
opens(const struct server *sv, const struct server_renewal *to)
{
	if (to->tokens && token_file_is_none(to->tokens) &&
	    !token_file_is_none(sv->tokens))
		return "there is no auth.token any more: without one a server "
		       "can only be started";
	if (sv->ca && to->files && !to->files->ca)
		return "there is no transport.tls.trustedCaFile any more: "
		       "without one a server can only be started";
	return NULL;
}

int
server_renew(struct server *sv, const struct server_renewal *to,
    struct buf *said)
{
	const char *no = opens(sv, to);
	struct tls_conf *tls = NULL;

	if (no) {
		buf_puts(said, no);
		return -1;
	}
	if (to->files && !(tls = server_tls(sv, to->files, said)))
		return -1;
	if (tls)
		renew_tls(sv, tls, to->files, said);
	if (to->tokens)
		renew_tokens(sv, to->tokens, said);
	renew_ports(sv, to->allow_ports, said);
	return 0;
}
