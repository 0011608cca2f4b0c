// SPDX-License-Identifier: MIT
#include "core/template.h"

#include "core/ranges.h"
#include "test/t.h"

static char port[] = "PORT=7001", token[] = "TOKEN=a+b<c>\"'",
	    empty[] = "EMPTY=", part[] = "PORTS=1";
static char *const env[] = { port, token, empty, part, NULL };

static char unset[2000], blank[2000]; /* the gaps of the last text */

/* What comes out, or the error; borrowed until the next call. */
static const char *
render_n(const char *text, size_t n)
{
	static struct buf out;
	struct template_gaps gaps = { 0 };
	struct buf why = { 0 };
	char *copy = malloc(n ? n : 1);

	memcpy(copy, text, n);
	buf_free(&out);
	if (template_render(copy, n, env, &out, &gaps, &why) < 0) {
		buf_free(&out);
		buf_puts(&out, buf_text(&why));
	}
	snprintf(unset, sizeof(unset), "%s%s", gaps.many_unset ? "many: " : "",
	    buf_text(&gaps.unset));
	snprintf(blank, sizeof(blank), "%s%s", gaps.many_empty ? "many: " : "",
	    buf_text(&gaps.empty));
	template_gaps_release(&gaps);
	buf_free(&why);
	free(copy);
	return buf_text(&out);
}

static const char *
render(const char *text)
{
	return render_n(text, strlen(text));
}

TEST(template_leaves_plain_text_alone)
{
	CHECK_STR(render(""), "");
	CHECK_STR(render("a = 1\n# { } <x> }}\n"), "a = 1\n# { } <x> }}\n");
}

TEST(template_puts_the_environment_in_raw)
{
	CHECK_STR(render("p = {{ .Envs.PORT }}"), "p = 7001");
	CHECK_STR(render("{{.Envs.TOKEN}}|"), "a+b<c>\"'|");
	CHECK_STR(render("{{.Envs.EMPTY}}|"), "|");
	CHECK_STR(render("{{.Envs.POR}}"), "<no value>");
	CHECK_STR(render("{{ $.Envs.PORT }}{{ (.Envs.PORT) }}"), "70017001");
}

TEST(template_trims_and_comments)
{
	CHECK_STR(render("a \n{{- 1 -}}\n b"), "a1b");
	CHECK_STR(render("a {{- /* x }} */ -}} b"), "ab");
	CHECK_STR(render("a {{/* x */}} b"), "a  b");
	CHECK_STR(render("a {{-1}} b"), "a -1 b");
	CHECK_STR(render("{{ -}}\n"), "template: line 1: a value is missing");
	CHECK_STR(render("{{\n1\n}}"), "1");
}

TEST(template_ranges_over_numbers)
{
	CHECK_STR(render("{{range parseNumberRange \"1-3, 7\"}}{{.}};{{end}}"),
	    "1;2;3;7;");
	CHECK_STR(render("{{range $v := parseNumberRange `5`}}{{$v}}{{end}}"),
	    "5");
	CHECK_STR(render("{{- range $i, $v := parseNumberRangePair \"6-7,9\" "
			 "\"16-17,19\" }}\n"
			 "{{ $i }}={{ $v.First }}:{{ .Second }}\n{{- end }}"),
	    "\n0=6:16\n1=7:17\n2=9:19");
	CHECK_STR(render("{{range $_, $v := parseNumberRange \"1-2\"}}"
			 "{{range parseNumberRange \"8-9\"}}{{$v}}{{.}} "
			 "{{end}}{{end}}"), "18 19 28 29 ");
	CHECK_STR(render("{{$l := parseNumberRange \"1-2\"}}"
			 "{{range $l}}{{$.Envs.PORT}},{{end}}{{$l}}"),
	    "7001,7001,[1 2]");
	CHECK_STR(render("{{parseNumberRangePair \"1\" \"2\"}}"), "[{1 2}]");
}

TEST(template_takes_the_right_branch)
{
	CHECK_STR(render("{{if .Envs.PORT}}a{{else}}b{{end}}"), "a");
	CHECK_STR(render("{{if .Envs.EMPTY}}a{{else}}b{{end}}"), "b");
	CHECK_STR(render("{{if .Envs.NONE}}a{{end}}|"), "|");
	CHECK_STR(render("{{if eq .Envs.PORT \"1\"}}a{{else if eq .Envs.PORT "
			 "\"7001\"}}b{{else}}c{{end}}"), "b");
	CHECK_STR(render("{{if true}}a{{else if true}}b{{else}}c{{end}}"), "a");
	CHECK_STR(render("{{if false}}{{range parseNumberRange \"x\"}}{{.Foo}}"
			 "{{else}}{{$.Bar}}{{end}}{{end}}|"), "|");
	CHECK_STR(render("{{eq 1 2 1}} {{ne 1 2}} {{eq true false}}"),
	    "true true false");
	CHECK_STR(render("{{eq .Envs.NONE \"a\"}}"), "false");
	CHECK_STR(render("{{not \"\"}} {{and 1 0 2}} {{or \"\" 0 \"x\"}}"),
	    "true 0 x");
	CHECK_STR(render("{{if and (eq 1 1) (ne .Envs.PORT \"\")}}a{{end}}"),
	    "a");
	CHECK_STR(render("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}"
			 "{{$x}}"), "21");
}

TEST(template_prints_with_formats)
{
	CHECK_STR(render("{{printf \"%s-%d-%v-%%\" \"a\" 5 true}}"),
	    "a-5-true-%");
	CHECK_STR(render("{{printf \"%05d|%4s|%-4s|%-4d|\" 42 \"a\" \"b\" 7}}"),
	    "00042|   a|b   |7   |");
	CHECK_STR(render("{{\"a\\tb\\\"\\\\\"}}{{`\\n`}}"), "a\tb\"\\\\n");
}

TEST(template_refuses_by_name_and_line)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "\n\n\n{{ index .Envs \"A\" }}",
		    "4: function \"index\" is not supported" },
		{ "{{ .Foo }}", "1: there is no field '.Foo' here" },
		{ "{{ .Envs.A.B }}", "1: there is no field '.B' here" },
		{ "{{ .Envs }}",
		    "1: the environment as a whole is not printed" },
		{ "{{ with .Envs }}{{ end }}", "1: \"with\" is not supported" },
		{ "{{ define \"a\" }}", "1: \"define\" is not supported" },
		{ "{{ .Envs.A | printf \"%s\" }}",
		    "1: pipes are not supported" },
		{ "{{ $x }}", "1: undefined variable \"$x\"" },
		{ "{{ $x = 1 }}", "1: '=' is not supported, only ':='" },
		{ "{{ if true }}", "1: 'end' is missing" },
		{ "{{ if true }}{{else}}{{else}}{{end}}",
		    "1: 'end' is missing" },
		{ "{{ range parseNumberRange \"1\" }}", "1: 'end' is missing" },
		{ "{{ end }}", "1: 'end' has no beginning" },
		{ "{{ else }}", "1: 'else' has no beginning" },
		{ "{{ range .Envs.PORT }}{{ end }}",
		    "1: range goes over lists of numbers only" },
		{ "{{ range parseNumberRange \"x\" }}{{ end }}",
		    "1: range number is invalid, strconv.ParseInt: parsing "
		    "\"x\": invalid syntax" },
		{ "{{ range parseNumberRange \"9-1\" }}{{ end }}",
		    "1: range number is invalid" },
		{ "{{ range parseNumberRange \"0-65536\" }}{{ end }}",
		    "1: the range has more than 65536 numbers" },
		{ "{{ parseNumberRangePair \"1-2\" \"1\" }}",
		    "1: first and second range numbers are not in pairs" },
		{ "{{ eq 1 \"a\" }}", "1: incompatible types for comparison" },
		{ "{{ printf \"%x\" 1 }}", "1: printf: '%x' is not supported" },
		{ "{{ printf \"%d\" \"a\" }}",
		    "1: printf: the value does not fit %d" },
		{ "{{ printf \"%d\" }}", "1: printf: a value is missing" },
		{ "{{ printf \"a\" 1 }}",
		    "1: printf: more values than places for them" },
		{ "{{ \"a }}", "1: the text does not end" },
		{ "{{ \"\\q\" }}",
		    "1: this escape is not supported; `…` has none" },
		{ "{{ 1 2 }}", "1: only a function takes values" },
		{ "{{ 0x10 }}", "1: only decimal integers are supported" },
		{ "{{ 1.5 }}", "1: only decimal integers are supported" },
		{ "{{ 010 }}", "1: octal numbers are not supported" },
		{ "{{ 9223372036854775808 }}", "1: the number is too large" },
		{ "{{ (1 }}", "1: ')' is missing" },
		{ "{{ 1", "1: only a function takes values" },
		{ "{{", "1: the action does not end" },
		{ "{{/* x", "1: the comment does not end" },
		{ "{{ eq eq 1 }}", "1: 'eq' cannot stand here" },
	};
	char want[160];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(want, sizeof(want), "template: line %s",
		    cases[i].want);
		CHECK_STR(render(cases[i].text), want);
	}
}

TEST(template_comes_to_an_end)
{
	CHECK_STR(render("{{range parseNumberRange \"1-9999\"}}"
			 "{{range parseNumberRange \"1-9999\"}}{{/**/}}"
			 "{{end}}{{end}}"),
	    "template: line 1: the template does not come to an end");
	CHECK_STR(render("{{$x := \"0123456789\"}}"
			 "{{range parseNumberRange \"1-60000\"}}"
			 "{{printf \"%99s%99s\" $x $x}}{{end}}"),
	    "template: line 1: the text becomes too long");
}

/* n times what is repeated, then the rest. */
static const char *
repeated(const char *what, size_t n, const char *rest)
{
	struct buf b = { 0 };
	const char *got;

	while (n--)
		buf_puts(&b, what);
	buf_puts(&b, rest);
	got = render(buf_text(&b));
	buf_free(&b);
	return got;
}

TEST(template_limits_hold_at_their_edges)
{
	CHECK_STR(repeated("{{$x := 1}}", 64, "{{$x}}"), "1");
	CHECK_STR(repeated("{{$x := 1}}", 65, "{{$x}}"),
	    "template: line 1: too many variables");
	CHECK_STR(repeated("{{if true}}", 33, ""),
	    "template: line 1: nested too deep");
	CHECK_STR(repeated("{{or ", 1, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1}}"),
	    "1");
	CHECK_STR(repeated("{{or ", 1, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1}}"),
	    "template: line 1: too many values");
	CHECK_STR(repeated("{{ (((((((((((((((((((((((((((((((((", 1, "1"),
	    "template: line 1: nested too deep");
	CHECK_STR(repeated("{{$abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
			   "opqrstuv", 1, "}}"),
	    "template: line 1: the variable's name is too long");
	CHECK_STR(repeated("{{$x := parseNumberRange \"1-60000\"}}", 6, ""),
	    "template: line 1: the values take too much memory");
}

TEST(template_that_ends_at_any_byte_is_rendered_or_refused)
{
	static const char text[] =
	    "a {{- range $i, $v := parseNumberRangePair \"1-2\" `3-4` -}} b "
	    "{{/* c */}}{{ if eq $v.First 1 }}{{ printf \"%d\" $i }}"
	    "{{ else if (not $.Envs.PORT) }}y{{ else }}z{{ end }}{{ end }} w";
	size_t n;

	for (n = 0; n < sizeof(text); n++)
		render_n(text, n);
	CHECK_STR(render(text), "ab 0b z w");
	render("");
}

TEST(ranges_are_read_as_frp_reads_them)
{
	struct ranges r = { 0 };
	struct buf why = { 0 };

	CHECK(ranges_parse(&r, "1000-2000, 3000 ,5 - 6", &why) == 0);
	CHECK(r.n == 3 && r.v[0].first == 1000 && r.v[0].last == 2000);
	CHECK(ranges_has(&r, 1000) && ranges_has(&r, 2000));
	CHECK(!ranges_has(&r, 999) && !ranges_has(&r, 2001));
	CHECK(ranges_has(&r, 3000) && ranges_has(&r, 6));
	CHECK(ranges_parse(&r, "abc", &why) < 0 && r.n == 0);
	CHECK_STR(buf_text(&why), "range number is invalid, strconv.ParseInt: "
				  "parsing \"abc\": invalid syntax");
	buf_free(&why);
	CHECK(ranges_parse(&r, "10-5", &why) < 0);
	CHECK_STR(buf_text(&why), "range number is invalid");
	buf_free(&why);
	CHECK(ranges_parse(&r, "1-2-3", &why) < 0);
	CHECK_STR(buf_text(&why), "range number is invalid");
	buf_free(&why);
	CHECK(ranges_parse(&r, "1,", &why) < 0);
	CHECK_STR(buf_text(&why), "range number is invalid, strconv.ParseInt: "
				  "parsing \"\": invalid syntax");
	buf_free(&why);
	CHECK(ranges_parse(&r, "2147483648", &why) < 0);
	CHECK_STR(buf_text(&why), "range number is invalid, strconv.ParseInt: "
				  "parsing \"2147483648\": value out of range");
	buf_free(&why);
	CHECK(ranges_parse(&r, "2147483647", &why) == 0 && r.n == 1);
	ranges_release(&r);
}

TEST(template_tells_which_variables_left_a_gap)
{
	CHECK_STR(render("{{ .Envs.PORT }}"), "7001");
	CHECK_STR(unset, "");
	CHECK_STR(blank, "");
	CHECK_STR(render("{{ .Envs.A }}{{ .Envs.A }}"), "<no value><no value>");
	CHECK_STR(unset, "'A'");
	CHECK_STR(render("{{ $x := .Envs.B }}{{ .Envs.EMPTY }}{{ $x }}"),
	    "<no value>");
	CHECK_STR(unset, "'B'");
	CHECK_STR(blank, "'EMPTY'");
	CHECK_STR(render("{{ .Envs.A }} {{ .Envs.AB }} {{ .Envs.A }}"),
	    "<no value> <no value> <no value>");
	CHECK_STR(unset, "many: 'A', 'AB'");
	CHECK_STR(render("{{ printf \"%v\" .Envs.C }}"), "<no value>");
	CHECK_STR(unset, "'C'");
}

TEST(template_minds_no_gap_that_nobody_sees)
{
	CHECK_STR(render("{{ if .Envs.A }}{{ .Envs.B }}{{ end }}"
	    "{{ or .Envs.A .Envs.EMPTY \"x\" }}{{ eq .Envs.EMPTY \"y\" }}"),
	    "xfalse");
	CHECK_STR(unset, "");
	CHECK_STR(blank, "");
}

TEST(template_tells_only_so_many_gaps)
{
	struct buf text = { 0 };
	int i;

	for (i = 0; i < 1000; i++)
		buf_printf(&text, "{{ .Envs.NAME_%d }}", i);
	render(buf_text(&text));
	CHECK(strlen(unset) > 900 && strlen(unset) < 1200);
	buf_free(&text);
}
