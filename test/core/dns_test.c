// SPDX-License-Identifier: MIT
#include "core/dns.h"

#include "core/bytes.h"
#include "test/t.h"

static uint8_t query[DNS_QUERY_MAX];
static size_t qlen;

struct packet {
	uint8_t v[2048];
	size_t n;
};

static void
put(struct packet *p, const void *bytes, size_t n)
{
	memcpy(p->v + p->n, bytes, n);
	p->n += n;
}

#define PUT(p, text) put((p), (text), sizeof(text) - 1)

/* The head of an answer to the question that was asked last. */
static void
answer(struct packet *p, const char *name, enum dns_type type, unsigned count)
{
	qlen = dns_query(query, name, type, 0xbeef);
	p->n = 0;
	put(p, query, qlen);
	p->v[2] |= 0x80;
	p->v[3] |= 0x80;
	p->v[7] = (uint8_t)count;
}

static enum dns_status
look(const struct packet *p, struct dns_found *f)
{
	uint8_t *copy = malloc(p->n ? p->n : 1);
	enum dns_status s;

	memcpy(copy, p->v, p->n);
	s = dns_answer(copy, p->n, query, qlen, f);
	free(copy);
	return s;
}

#define A_RECORD "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"

TEST(a_question_is_what_servers_expect)
{
	static const uint8_t want[] = "\xbe\xef\1\0\0\1\0\0\0\0\0\0"
				      "\4Host\7example\0\0\34\0\1";
	size_t n = dns_query(query, "Host.example", DNS_AAAA, 0xbeef);

	CHECK(n == sizeof(want) - 1 && memcmp(query, want, n) == 0);
	CHECK(dns_query(query, "Host.example.", DNS_AAAA, 0xbeef) == n);
	CHECK(memcmp(query, want, n) == 0);
}

TEST(what_cannot_be_a_name_is_not_asked)
{
	char name[300];

	CHECK(dns_query(query, "", DNS_A, 1) == 0);
	CHECK(dns_query(query, ".", DNS_A, 1) == 0);
	CHECK(dns_query(query, "a..b", DNS_A, 1) == 0);
	CHECK(dns_query(query, ".a", DNS_A, 1) == 0);
	CHECK(dns_query(query, "a b", DNS_A, 1) == 0);
	CHECK(dns_query(query, "a\x80", DNS_A, 1) == 0);
	memset(name, 'x', sizeof(name));
	name[63] = '\0';
	CHECK(dns_query(query, name, DNS_A, 1) == 12 + 65 + 4);
	name[63] = 'x';
	name[64] = '\0';
	CHECK(dns_query(query, name, DNS_A, 1) == 0);
	memset(name, 'x', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0'; /* 3 * 64 + 62 + 1 = 255 on the wire */
	CHECK(dns_query(query, name, DNS_A, 1) == 12 + 255 + 4);
	name[253] = 'x';
	name[254] = '\0';
	CHECK(dns_query(query, name, DNS_A, 1) == 0);
}

TEST(an_answer_gives_its_addresses)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "a.example", DNS_A, 2);
	PUT(&p, A_RECORD "\x7f\0\0\1");
	PUT(&p, A_RECORD "\x7f\0\0\2");
	CHECK(look(&p, &f) == DNS_FOUND && f.n == 2);
	CHECK(memcmp(f.ip[0], "\x7f\0\0\1", 4) == 0);
	CHECK(memcmp(f.ip[1], "\x7f\0\0\2", 4) == 0);
	answer(&p, "a.example", DNS_AAAA, 1);
	PUT(&p, "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10"
		"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	CHECK(look(&p, &f) == DNS_FOUND && f.n == 1 && f.ip[0][15] == 1);
}

TEST(names_are_compared_without_case)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "Ab.Example", DNS_A, 1);
	memcpy(p.v + 12, "\2aB\7eXAMPLE", 11);
	PUT(&p, "\2AB\7example\0\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FOUND && f.n == 1);
}

TEST(other_questions_answers_are_passed_over)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "a.example", DNS_A, 1);
	PUT(&p, A_RECORD "\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FOUND);
	p.v[1] ^= 1; /* id */
	CHECK(look(&p, &f) == DNS_IGNORE && f.n == 0);
	p.v[1] ^= 1;
	p.v[2] ^= 0x80; /* a question */
	CHECK(look(&p, &f) == DNS_IGNORE);
	p.v[2] ^= 0x80 | 0x08; /* another kind of operation */
	CHECK(look(&p, &f) == DNS_IGNORE);
	p.v[2] ^= 0x08;
	p.v[13] ^= 1; /* name */
	CHECK(look(&p, &f) == DNS_IGNORE);
	p.v[13] ^= 1;
	p.v[qlen - 3] = DNS_AAAA;
	CHECK(look(&p, &f) == DNS_IGNORE);
	p.v[qlen - 3] = DNS_A;
	p.v[5] = 2; /* questions */
	CHECK(look(&p, &f) == DNS_IGNORE);
	p.v[5] = 1;
	CHECK(look(&p, &f) == DNS_FOUND);
}

TEST(a_servers_no_is_told_from_its_failure)
{
	struct dns_found f;
	struct packet p;
	unsigned code;

	answer(&p, "a.example", DNS_A, 0);
	CHECK(look(&p, &f) == DNS_NONE); /* there, without an address */
	for (code = 1; code < 16; code++) {
		p.v[3] = (uint8_t)code;
		CHECK(look(&p, &f) == (code == 3 ? DNS_NONE : DNS_FAILED));
	}
	p.v[3] = 0;
	p.v[2] |= 2;
	CHECK(look(&p, &f) == DNS_TRUNCATED);
}

TEST(aliases_are_followed_in_any_order)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "a.x", DNS_A, 4); /* its name is at 12, x at 14 */
	PUT(&p, "\1c\xc0\x0e\0\1\0\1\0\0\0\1\0\4\1\2\3\4");
	PUT(&p, "\1b\xc0\x0e\0\5\0\1\0\0\0\1\0\4\1c\xc0\x0e");
	PUT(&p, "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x0e");
	PUT(&p, "\1z\xc0\x0e\0\1\0\1\0\0\0\1\0\4\6\6\6\6"); /* nobody's */
	CHECK(look(&p, &f) == DNS_FOUND && f.n == 1);
	CHECK(memcmp(f.ip[0], "\1\2\3\4", 4) == 0);
}

TEST(an_alias_that_leads_nowhere_is_no_host)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "a.x", DNS_A, 1);
	PUT(&p, "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x0e");
	CHECK(look(&p, &f) == DNS_NONE);
}

TEST(aliases_in_a_circle_come_to_an_end)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "a.x", DNS_A, 2);
	PUT(&p, "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x0e");
	PUT(&p, "\1b\xc0\x0e\0\5\0\1\0\0\0\1\0\2\xc0\x0c");
	CHECK(look(&p, &f) == DNS_FAILED);
}

static enum dns_status
chain(unsigned length, struct dns_found *f)
{
	char record[] = "\1?\xc0\x0e\0\5\0\1\0\0\0\1\0\4\1?\xc0\x0e";
	struct packet p;
	unsigned i;

	answer(&p, "a.x", DNS_A, length + 1);
	for (i = 0; i < length; i++) {
		record[1] = (char)('a' + i);
		record[15] = (char)('b' + i);
		put(&p, record, sizeof(record) - 1);
	}
	memcpy(record, "\1?\xc0\x0e\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 18);
	record[1] = (char)('a' + length);
	put(&p, record, sizeof(record) - 1);
	return look(&p, f);
}

TEST(a_chain_of_aliases_has_a_longest)
{
	struct dns_found f;

	CHECK(chain(1, &f) == DNS_FOUND);
	CHECK(chain(DNS_CHAIN, &f) == DNS_FOUND && f.n == 1);
	CHECK(chain(DNS_CHAIN + 1, &f) == DNS_FAILED && f.n == 0);
}

TEST(pointers_only_lead_back)
{
	struct dns_found f;
	struct packet p;
	size_t at;

	answer(&p, "a.x", DNS_A, 1);
	at = p.n;
	PUT(&p, A_RECORD "\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FOUND);
	p.v[at + 1] = (uint8_t)at; /* to itself */
	CHECK(look(&p, &f) == DNS_FAILED);
	p.v[at + 1] = (uint8_t)(at + 2); /* ahead */
	CHECK(look(&p, &f) == DNS_FAILED);
	p.v[at] = 0x80; /* a kind of label that is not */
	CHECK(look(&p, &f) == DNS_FAILED);
	answer(&p, "a.x", DNS_A, 1);
	/* a label and then back to that label: it would grow for ever */
	PUT(&p, "\1b\xc0\x15\0\1\0\1\0\0\0\1\0\4\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FAILED);
}

TEST(an_address_of_the_wrong_size_is_nonsense)
{
	struct dns_found f;
	struct packet p;

	answer(&p, "a.x", DNS_A, 1);
	PUT(&p, "\xc0\x0c\0\1\0\1\0\0\0\1\0\5\1\2\3\4\5");
	CHECK(look(&p, &f) == DNS_FAILED && f.n == 0);
	answer(&p, "a.x", DNS_AAAA, 1);
	PUT(&p, "\xc0\x0c\0\x1c\0\1\0\0\0\1\0\4\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FAILED);
}

TEST(only_so_many_addresses_are_used)
{
	struct dns_found f;
	struct packet p;
	int i;

	answer(&p, "a.x", DNS_A, DNS_MAX + 1);
	for (i = 0; i <= DNS_MAX; i++)
		PUT(&p, A_RECORD "\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FOUND && f.n == DNS_MAX);
}

TEST(an_answer_cut_at_any_byte_gives_nothing)
{
	struct dns_found f;
	struct packet p;
	enum dns_status s;
	size_t whole;

	answer(&p, "a.x", DNS_A, 2);
	PUT(&p, "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x0e");
	PUT(&p, "\1b\xc0\x0e\0\1\0\1\0\0\0\1\0\4\1\2\3\4");
	whole = p.n;
	CHECK(look(&p, &f) == DNS_FOUND);
	for (p.n = 0; p.n < whole; p.n++) {
		s = look(&p, &f);
		CHECK(s == (p.n < qlen ? DNS_IGNORE : DNS_FAILED));
		CHECK(f.n == 0);
	}
	answer(&p, "a.x", DNS_A, 2);
	PUT(&p, A_RECORD "\1\2\3\4");
	CHECK(look(&p, &f) == DNS_FAILED && f.n == 0);
}

/* As big resolvers write them: pointers into the data of earlier records. */
TEST(an_answer_of_many_pointers_is_read)
{
	static const uint8_t got[] =
	    "\x12\x34\x81\x80\0\1\0\4\0\0\0\0"
	    "\3www\7example\3com\0\0\1\0\1"
	    "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\x20"
	    "\3www\7example\6com-v4\7edgekey\3net\0"
	    "\xc0\x2d\0\5\0\1\0\0\x54\x60\0\x14"
	    "\5e1234\4dscx\6akamai\xc0\x48"
	    "\xc0\x59\0\1\0\1\0\0\0\x14\0\4\x17\x30\x17\x21"
	    "\xc0\x59\0\1\0\1\0\0\0\x14\0\4\x17\x30\x17\x22";
	struct dns_found f;

	qlen = dns_query(query, "www.example.com", DNS_A, 0x1234);
	CHECK(dns_answer(got, sizeof(got) - 1, query, qlen, &f) == DNS_FOUND);
	CHECK(f.n == 2 && memcmp(f.ip[1], "\x17\x30\x17\x22", 4) == 0);
}
