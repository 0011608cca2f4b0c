// SPDX-License-Identifier: MIT
#include "net/far_words.h"

#include <stdio.h>
#include <string.h>

#include "crypto/pins.h"

void
far_names_set(struct far_names *n, const struct far_conf *conf)
{
	const struct client_conf *c = conf->bastion;

	snprintf(n->bastion, sizeof(n->bastion),
	    strchr(c->server_addr, ':') ? "[%s]:%d" : "%s:%d", c->server_addr,
	    (int)c->server_port);
	snprintf(n->worker, sizeof(n->worker), "%s", conf->worker);
	n->known = conf->known;
}

/* "dial tcp 127.0.0.1:7000: connect: connection refused": the address is told
 * already. */
static const char *
without_address(const char *why)
{
	const char *last = why;

	if (strncmp(why, "dial tcp", 8) != 0)
		return why;
	while (strstr(last, ": "))
		last = strstr(last, ": ") + 2;
	return last;
}

static const char *
token_hint(const char *why)
{
	return strstr(why, "token") || strstr(why, "register control error") ?
	    " (is the token right?)" : "";
}

/* With a bastion whose key we know from before another one is the news. */
static void
put_strange(char to[static FAR_TEXT], const struct far_names *n,
    const char *now, const char *was)
{
	const struct buf *place = &n->known->place;
	int len = (int)(buf_len(place) < 200 ? buf_len(place) : 200);
	char words[PINS_WORDS];
	struct pins pins;

	(void)pins_read(&pins, was);
	pins_words(words, &pins);
	snprintf(to, FAR_TEXT, "bastion '%.100s' has another key than before: "
	    "its pin is %s, and was %s. Somebody may be in its place; "
	    "if whoever runs it says that it has a new key, %s%.*s%sgive "
	    "--pin %s", n->bastion, now, words, len ? "remove " : "", len,
	    (const char *)buf_peek(place), len ? ", or " : "", now);
}

void
far_words_bastion(char to[static FAR_TEXT], const struct far_names *n,
    const struct client *c, enum client_stage in, const char *why)
{
	const char *strange = client_strange(c);

	if (n->known && strange) {
		put_strange(to, n, strange, client_pins(c));
		return;
	}
	switch (in) {
	case CLIENT_CONNECTING:
		snprintf(to, FAR_TEXT, "bastion '%s' cannot be reached: %s",
		    n->bastion, without_address(why));
		break;
	case CLIENT_LOGIN:
		snprintf(to, FAR_TEXT, "no login at bastion '%s': %s",
		    n->bastion, why);
		break;
	case CLIENT_REFUSED:
		snprintf(to, FAR_TEXT, "bastion '%s' refused the login: "
		    "%.200s%s", n->bastion, why, token_hint(why));
		break;
	case CLIENT_SESSION:
		snprintf(to, FAR_TEXT, "the connection to bastion '%s' is "
		    "lost: %s", n->bastion, why);
		break;
	}
}

#define ABSENT "custom listener for ["

static const struct {
	const char *said, *also; /* by the server: both */
	const char *text;	 /* worker, bastion */
} refusals[] = {
	{ ABSENT, "", "worker '%s' is not there: no client of '%s' "
	  "offers it" },
	{ "visitor connection of [", "auth failed", "the secret is not that "
	  "of worker '%s' at '%s'" },
	{ "visitor connection of [", "not allowed", "worker '%s' at '%s' is "
	  "not for this user (is the user set, and the worker's allowUsers?)" },
	{ "register visitor conn error", "", "worker '%s' is not there, or "
	  "the secret is not its own: '%s' does not tell which" },
	{ "the server ended the stream", "", "the way to worker '%s' was cut "
	  "at '%s'" },
	{ "the server did not answer", "", "no answer about worker '%s' from "
	  "bastion '%s'" },
	{ "there is no connection", "", "worker '%s' cannot be reached: there "
	  "is no connection to bastion '%s'" },
	{ "does not speak SOCKS5", "", "'%s' at '%s' is no worker but a "
	  "service of its own" },
};

bool
far_words_absent(const char *error)
{
	return strstr(error, ABSENT) != NULL;
}

void
far_words_worker(char to[static FAR_TEXT], const struct far_names *n,
    const char *error)
{
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (strstr(error, refusals[i].said) &&
		    strstr(error, refusals[i].also)) {
			snprintf(to, FAR_TEXT, refusals[i].text, n->worker,
			    n->bastion);
			return;
		}
	if (strncmp(error, "the worker ", 11) == 0) /* of net/offer.c */
		snprintf(to, FAR_TEXT, "worker '%s' %s", n->worker,
		    error + 11);
	else
		snprintf(to, FAR_TEXT, "%s", error);
}

void
far_words_lost(char to[static FAR_TEXT], const struct far_names *n,
    const char *why)
{
	snprintf(to, FAR_TEXT, "worker '%s' does not answer: %s", n->worker,
	    why);
}
