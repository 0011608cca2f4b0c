// SPDX-License-Identifier: MIT
#include "core/ssh_mux.h"
#include "core/err.h"
#include "test/t.h"

#define HELLO "\0\0\0\10\0\0\0\1\0\0\0\4"
#define SAMPLE                                                     \
	HELLO                                                      \
	"\0\0\0\14\200\0\0\6\0\0\0\1\0\0\0\11"	 /* opened */      \
	"\0\0\0\20\200\0\0\3\0\0\0\2\0\0\0\4nope" /* failed */      \
	"\0\0\0\20\200\0\0\2\0\0\0\2\0\0\0\4nope" /* denied */      \
	"\0\0\0\10\200\0\0\1\0\0\0\3"		 /* ok */          \
	"\0\0\0\14\200\0\0\5\0\0\0\4\0\0\1\0"	 /* alive */       \
	"\0\0\0\14\200\0\0\7\0\0\0\5\0\0\4\0"	 /* remote port */ \
	"\0\0\0\14\200\0\0\4\0\0\0\11\0\0\0\2"	 /* exit */        \
	"\0\0\0\10\200\0\0\10\0\0\0\11"		 /* of a terminal */

static const struct {
	enum ssh_mux_type type;
	uint32_t id, number;
	const char *text;
} wants[] = {
	{ SSH_MUX_HELLO, 0, 0, "" },
	{ SSH_MUX_OPENED, 1, 9, "" },
	{ SSH_MUX_NO, 2, 0, "nope" },
	{ SSH_MUX_NO, 2, 0, "nope" },
	{ SSH_MUX_OK, 3, 0, "" },
	{ SSH_MUX_ALIVE, 4, 256, "" },
	{ SSH_MUX_PORT, 5, 1024, "" },
	{ SSH_MUX_EXIT, 9, 2, "" },
	{ SSH_MUX_OTHER, 0, 0, "" },
};
#define WANTS (sizeof(wants) / sizeof(*wants))

static size_t
feed(struct ssh_mux *m, const uint8_t *p, size_t n, size_t seen)
{
	struct ssh_mux_msg msg;
	int r;

	while ((r = ssh_mux_take(m, &p, &n, &msg)) > 0) {
		CHECK(seen < WANTS && msg.type == wants[seen].type);
		CHECK(msg.id == wants[seen].id);
		CHECK(msg.number == wants[seen].number);
		CHECK(msg.text.n == strlen(wants[seen].text));
		CHECK(msg.text.n == 0 || memcmp(msg.text.p, wants[seen].text,
		    msg.text.n) == 0);
		seen++;
	}
	CHECK(r == 0 && n == 0);
	return seen;
}

TEST(an_ssh_masters_answers_are_the_same_at_every_split)
{
	static const char sample[] = SAMPLE;
	const uint8_t *p = (const uint8_t *)sample;
	size_t n = sizeof(sample) - 1, cut, i, seen;

	for (cut = 0; cut <= n; cut++) {
		struct ssh_mux m = { 0 };

		seen = feed(&m, p, cut, 0);
		CHECK(feed(&m, p + cut, n - cut, seen) == WANTS);
		ssh_mux_release(&m);
	}
	for (seen = 0, i = 0; i == 0; i++) {
		struct ssh_mux m = { 0 };

		for (cut = 0; cut < n; cut++)
			seen = feed(&m, p + cut, 1, seen);
		CHECK(seen == WANTS);
		ssh_mux_release(&m);
	}
}

static int
last(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	struct ssh_mux m = { 0 };
	struct ssh_mux_msg msg;
	int r;

	while ((r = ssh_mux_take(&m, &p, &n, &msg)) > 0)
		;
	CHECK(r == 0 || ssh_mux_take(&m, &p, &n, &msg) == r);
	ssh_mux_release(&m);
	return r;
}
#define LAST(text) last(text, sizeof(text) - 1)

TEST(what_no_ssh_master_says_is_refused_for_good)
{
	CHECK(LAST(HELLO) == 0);
	CHECK(LAST("\0\0\0\10\0\0\0\1\0\0\0\3") == ERR_PROTO); /* version */
	CHECK(LAST("\0\0\0\10\200\0\0\1\0\0\0\1") == ERR_PROTO);
	CHECK(LAST("\0\0\0\4\0\0\0\1") == ERR_PROTO);
	CHECK(LAST("\0\0\0\0") == ERR_PROTO);
	CHECK(LAST(HELLO "\0\0\0\3\200\0\0") == ERR_PROTO);
	CHECK(LAST(HELLO "\0\0\0\4\200\0\0\1") == ERR_PROTO);
	CHECK(LAST(HELLO "\0\0\0\10\200\0\0\6\0\0\0\1") == ERR_PROTO);
	/* a text that is longer than its message */
	CHECK(LAST(HELLO "\0\0\0\15\200\0\0\3\0\0\0\1\0\0\0\2x") ==
	    ERR_PROTO);
	CHECK(LAST(HELLO "\0\0\0\14\200\0\0\3\0\0\0\1\377\377\377\377") ==
	    ERR_PROTO);
	/* refused on the length alone, at its edge */
	CHECK(LAST(HELLO "\0\0\100\1") == ERR_LIMIT);
	CHECK(LAST(HELLO "\0\0\100\0") == 0);
	CHECK(LAST("\377\377\377\377") == ERR_LIMIT);
}


static void
same(struct buf *b, const char *want, size_t n)
{
	CHECK(buf_len(b) == n && memcmp(buf_peek(b), want, n) == 0);
	buf_free(b);
}
#define SAME(b, want) same(b, want, sizeof(want) - 1)

TEST(an_ssh_master_is_asked_as_it_expects)
{
	struct buf b = { 0 };

	ssh_mux_put_hello(&b);
	SAME(&b, HELLO);
	ssh_mux_put_alive(&b, 7);
	SAME(&b, "\0\0\0\10\20\0\0\4\0\0\0\7");
	ssh_mux_put_stdio(&b, 1, "db", 5432);
	SAME(&b, "\0\0\0\26\20\0\0\10\0\0\0\1\0\0\0\0\0\0\0\2db\0\0\25\70");
	ssh_mux_put_session(&b, 2, "cat");
	SAME(&b, "\0\0\0\53\20\0\0\2\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\377\377\377\377\0\0\0\0\0\0\0\3cat");
	ssh_mux_put_remote(&b, 3, "", 0, "h", 22);
	SAME(&b, "\0\0\0\35\20\0\0\6\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\1h"
	    "\0\0\0\26");
}
