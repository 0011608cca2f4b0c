// SPDX-License-Identifier: MIT
#include "cmd/opt.h"

#include "core/config.h"
#include "test/t.h"

struct record {
	char *text;
	bool yes, word, unset;
	int64_t number, wait;
	struct strings list;
	struct pairs pairs;
	struct ranges ranges;
};

#define AT(field) offsetof(struct record, field)

static const struct opt rows[] = {
	{ 'c', "config", "usual", "a text", &opt_str, AT(text), NULL },
	{ 'l', "local-port", "0", "a number", &opt_int, AT(number), NULL },
	{ 'v', "version", NULL, "a switch", &opt_bool, AT(yes), NULL },
	{ 0, "strict-config", "true", "another", &opt_bool, AT(unset), NULL },
	{ 0, "tls-mode", NULL, "with a word", &opt_word, AT(word), NULL },
	{ 0, "allow-users", NULL, "a list", &opt_list, AT(list), NULL },
	{ 0, "metadatas", NULL, "pairs", &opt_pairs, AT(pairs), NULL },
	{ 0, "allow-ports", NULL, "ranges", &opt_ranges, AT(ranges), NULL },
	{ 0, "api-timeout", "30s", "a time", &opt_duration, AT(wait), NULL },
	{ 0, "kcp-bind-port", "0", "later", &opt_int, 0, "KCP transport" },
	{ 0, "dashboard-user", "admin", "later", &opt_str, 0, "dashboard" },
	{ 0, "allow-unsafe", "", "later", &opt_list, 0, "unsafe" },
	{ 0, "mode", "false", "later", &opt_bool, 0, "modes" },
	{ 'h', "help", NULL, "help", &opt_bool, 0, NULL },
	{ 0 },
};
static const struct opt *const tables[] = { rows, NULL };

struct parsed {
	struct record r;
	struct opt_result got;
	struct buf why;
	int ret;
};

static struct parsed
parse(char *const *argv)
{
	struct parsed p = { 0 };

	opt_presets(tables, &p.r);
	p.ret = opt_parse(tables, argv, &p.r, &p.got, &p.why);
	return p;
}

static void
done(struct parsed *p)
{
	opt_release(tables, &p->r);
	opt_result_release(&p->got);
	buf_free(&p->why);
}

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })
#define PARSE(...) parse(ARGV(__VA_ARGS__))
#define FAILS(text, ...)                              \
	do {                                          \
		struct parsed p_ = PARSE(__VA_ARGS__); \
		CHECK(p_.ret < 0);                    \
		CHECK_STR(buf_text(&p_.why), text);   \
		done(&p_);                            \
	} while (0)

TEST(opt_takes_a_value_in_every_form)
{
	static char *forms[][3] = {
		{ "--local-port=77" }, { "--local-port", "77" },
		{ "--local_port=77" }, { "--local_port", "77" }, { "-l77" },
		{ "-l", "77" }, { "-l=77" }, { "-vl77" }, { "-vl", "77" },
		{ "-vl=77" }, { "-l", "0x4d" }, { "-l", "0b1001101" },
		{ "-l", "0115" }, { "-l", "0o115" }, { "-l", "7_7" },
		{ "-l", "0x_4d" }, { "-l", "+77" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct parsed p = parse(forms[i]);

		CHECK(p.ret == 0 && p.r.number == 77);
		done(&p);
	}
}

TEST(opt_has_presets_that_hold_until_something_is_given)
{
	struct parsed p = PARSE("word");

	CHECK_STR(p.r.text, "usual");
	CHECK(p.r.unset && !p.r.yes && p.r.wait == 30000000000);
	CHECK(!opt_was_given(&p.got, "config"));
	CHECK(p.got.nwords == 1 && buf_len(&p.got.refused) == 0);
	done(&p);
	p = PARSE("--config", "", "-h");
	CHECK_STR(p.r.text, "");
	CHECK(opt_was_given(&p.got, "config") && p.got.help);
	done(&p);
}

TEST(opt_booleans_need_their_value_attached)
{
	struct parsed p = PARSE("-v", "--strict_config=false", "true");

	CHECK(p.ret == 0 && p.r.yes && !p.r.unset && p.got.nwords == 1);
	done(&p);
	p = PARSE("-v=F", "--strict-config=TRUE", "--tls-mode", "t");
	CHECK(p.ret == 0 && !p.r.yes && p.r.unset && p.r.word);
	done(&p);
	FAILS("invalid argument \"yes\" for \"--strict-config\" flag: "
	      "strconv.ParseBool: parsing \"yes\": invalid syntax",
	    "--strict_config=yes");
}

TEST(opt_says_what_is_wrong_as_frp_says_it)
{
	FAILS("unknown flag: --x_y", "--x_y=3");
	FAILS("unknown flag: --conf", "--conf", "f");
	FAILS("unknown shorthand flag: 'x' in -x", "-x");
	FAILS("unknown shorthand flag: 'x' in -xy", "-vxy");
	FAILS("bad flag syntax: --=3", "--=3");
	FAILS("bad flag syntax: ---a", "---a");
	FAILS("flag needs an argument: --local_port", "--local_port");
	FAILS("flag needs an argument: 'c' in -c", "-c");
	FAILS("flag needs an argument: 'c' in -c", "-vc");
	FAILS("invalid argument \"abc\" for \"-l, --local-port\" flag: "
	      "strconv.ParseInt: parsing \"abc\": invalid syntax",
	    "--local_port=abc");
	FAILS("invalid argument \"9223372036854775808\" for "
	      "\"-l, --local-port\" flag: strconv.ParseInt: parsing "
	      "\"9223372036854775808\": value out of range",
	    "-l9223372036854775808");
}

TEST(opt_ends_at_two_dashes_and_takes_one_dash_as_a_word)
{
	struct parsed p = PARSE("-", "--", "-v", "--nope");

	CHECK(p.ret == 0 && !p.r.yes && p.got.nwords == 3);
	done(&p);
}

TEST(opt_lists_are_csv_and_grow)
{
	struct parsed p = PARSE("--allow_users", "a,\"b,c\"", "--allow-users",
	    "\"d\"\"e\"");

	CHECK(p.ret == 0 && p.r.list.n == 3);
	CHECK_STR(p.r.list.v[0], "a");
	CHECK_STR(p.r.list.v[1], "b,c");
	CHECK_STR(p.r.list.v[2], "d\"e");
	done(&p);
	FAILS("invalid argument \"a\\\"b\" for \"--allow-users\" flag: parse "
	      "error on line 1, column 2: bare \" in non-quoted field",
	    "--allow-users", "a\"b");
	p = PARSE("--allow-users", "\"a");
	CHECK(p.ret < 0);
	done(&p);
	p = PARSE("--allow-users", "\"a\"\"");
	CHECK(p.ret < 0);
	done(&p);
	p = PARSE("--allow-users", "\"a\"b");
	CHECK(p.ret < 0);
	done(&p);
	p = PARSE("--allow-users", "\"\"");
	CHECK(p.ret == 0 && p.r.list.n == 1);
	done(&p);
}

TEST(opt_pairs_are_sorted_and_the_last_one_counts)
{
	struct parsed p = PARSE("--metadatas", "b=2,a=1=1", "--metadatas",
	    "c=3,b=4");

	CHECK(p.ret == 0 && p.r.pairs.n == 3);
	CHECK_STR(p.r.pairs.v[0], "a");
	CHECK_STR(p.r.pairs.v[1], "1=1");
	CHECK_STR(p.r.pairs.v[3], "4");
	CHECK_STR(p.r.pairs.v[4], "c");
	done(&p);
	FAILS("invalid argument \"a\" for \"--metadatas\" flag: "
	      "a must be formatted as key=value", "--metadatas=a");
}

TEST(opt_ranges_are_ports)
{
	struct parsed p = PARSE("--allow_ports", "1000-2000, 3000 ,0-65535");

	CHECK(p.ret == 0 && p.r.ranges.n == 3);
	CHECK(p.r.ranges.v[0].first == 1000 && p.r.ranges.v[0].last == 2000);
	CHECK(p.r.ranges.v[1].first == 3000 && p.r.ranges.v[1].last == 3000);
	done(&p);
	FAILS("invalid argument \"abc\" for \"--allow-ports\" flag: range "
	      "number is invalid, strconv.ParseInt: parsing \"abc\": "
	      "invalid syntax", "--allow_ports", "abc");
	FAILS("invalid argument \"10-5\" for \"--allow-ports\" flag: range "
	      "number is invalid", "--allow_ports", "10-5");
	FAILS("invalid argument \"65536\" for \"--allow-ports\" flag: range "
	      "number is invalid", "--allow_ports", "65536");
}

TEST(opt_durations_are_written_as_in_go)
{
	static const struct {
		char *text;
		int64_t ns;
	} good[] = {
		{ "30s", 30000000000 }, { "1m30s", 90000000000 },
		{ "500ms", 500000000 }, { "1.5h", 5400000000000 }, { "0", 0 },
		{ "-2us", -2000 }, { "+.5s", 500000000 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct parsed p = PARSE("--api_timeout", good[i].text);

		CHECK(p.ret == 0 && p.r.wait == good[i].ns);
		done(&p);
	}
	FAILS("invalid argument \"30\" for \"--api-timeout\" flag: time: "
	      "missing unit in duration \"30\"", "--api-timeout", "30");
	FAILS("invalid argument \"3y\" for \"--api-timeout\" flag: time: "
	      "unknown unit \"y\" in duration \"3y\"", "--api-timeout", "3y");
	FAILS("invalid argument \"x\" for \"--api-timeout\" flag: time: "
	      "invalid duration \"x\"", "--api-timeout", "x");
}

TEST(opt_refuses_what_comes_later_only_when_it_would_matter)
{
	struct parsed p = PARSE("--kcp_bind_port", "0x0", "--dashboard_user",
	    "admin", "--allow-unsafe=", "--mode=0");

	CHECK(p.ret == 0 && buf_len(&p.got.refused) == 0);
	done(&p);
	p = PARSE("--kcp_bind_port=7000", "--dashboard-user", "x");
	CHECK_STR(buf_text(&p.got.refused), "--kcp_bind_port (KCP transport)");
	done(&p);
	p = PARSE("--mode");
	CHECK_STR(buf_text(&p.got.refused), "--mode (modes)");
	done(&p);
	p = PARSE("--allow-unsafe=TokenSourceExec");
	CHECK_STR(buf_text(&p.got.refused), "--allow-unsafe (unsafe)");
	done(&p);
	p = PARSE("--kcp_bind_port=x");
	CHECK(p.ret < 0);
	done(&p);
}

TEST(opt_help_is_sorted_aligned_and_hides_zero_presets)
{
	static const struct opt few[] = {
		{ 'p', "port", "7000", "a port", &opt_int, 0, NULL },
		{ 0, "log", "info", "a level", &opt_str, 0, NULL },
		{ 0, "all", "false", "a switch", &opt_bool, 0, NULL },
		{ 0, "udp", "0", "a port", &opt_int, 0, "UDP" },
		{ 0 },
	};
	static const struct opt *const t[] = { few, NULL };
	struct buf b = { 0 };

	opt_help(&b, t);
	CHECK_STR(buf_text(&b),
	    "      --all          a switch\n"
	    "      --log string   a level (default \"info\")\n"
	    "  -p, --port int     a port (default 7000)\n"
	    "      --udp int      a port (not supported yet: UDP)\n");
	buf_free(&b);
}

TEST(opt_knows_what_follows_an_argument)
{
	CHECK(opt_after(tables, "word") == OPT_WORD);
	CHECK(opt_after(tables, "-") == OPT_WORD);
	CHECK(opt_after(tables, "--") == OPT_END);
	CHECK(opt_after(tables, "-c") == OPT_TAKES);
	CHECK(opt_after(tables, "-v") == OPT_ALONE);
	CHECK(opt_after(tables, "-cfile") == OPT_ALONE);
	CHECK(opt_after(tables, "--config") == OPT_TAKES);
	CHECK(opt_after(tables, "--config=f") == OPT_ALONE);
	CHECK(opt_after(tables, "--strict_config") == OPT_ALONE);
	CHECK(opt_after(tables, "--unknown") == OPT_TAKES);
}

TEST(opt_tells_which_words_stood_before_the_dashes)
{
	char *const with[] = { "a", "-v", "b", "--", "c", "-x", "--", NULL };
	char *const without[] = { "a", "b", NULL };
	struct parsed p = parse(with);

	CHECK(p.ret == 0 && p.got.nwords == 5 && p.got.before == 2);
	done(&p);
	p = parse(without);
	CHECK(p.ret == 0 && p.got.nwords == 2 && p.got.before == 2);
	done(&p);
}
