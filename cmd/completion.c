// SPDX-License-Identifier: MIT
/* Completion for shells.  What a shell reads is small and stays right: it
 * calls back here with the line, and is told how that may go on. */
#include "cmd/completion.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/complete.h"
#include "core/mem.h"

/* Where nothing is known, bash, zsh and fish go on with the names of files.
 * bash cuts words at '=' and ':', and wants only what follows these. */
static const char bash[] =
    "_culvert() {\n"
    "	local bin=$_culvert_bin cur keep word\n"
    "	local -a words\n"
    "	[[ -x $bin ]] || bin=culvert\n"
    "	read -ra words <<<\"${COMP_LINE:0:COMP_POINT}\"\n"
    "	[[ ${COMP_LINE:0:COMP_POINT} != *[[:blank:]] ]] || words+=(\"\")\n"
    "	cur=${words[${#words[@]} - 1]}\n"
    "	keep=${cur%\"${cur##*[=:]}\"}\n"
    "	COMPREPLY=()\n"
    "	while IFS=$'\\t' read -r word _; do\n"
    "		[[ -z $word ]] || COMPREPLY+=(\"${word#\"$keep\"}\")\n"
    "	done <<<\"$(\"$bin\" completion words -- \"${words[@]}\" "
    "2>/dev/null)\"\n"
    "}\n"
    "complete -o bashdefault -o default -F _culvert $_culvert_names\n"
    "unset _culvert_names\n";

static const char zsh[] =
    "_culvert() {\n"
    "	local bin=$_culvert_bin line\n"
    "	local -a found\n"
    "	[[ -x $bin ]] || bin=culvert\n"
    "	for line in \"${(@f)$(\"$bin\" completion words -- "
    "\"${(@Q)words[1,CURRENT-1]}\" \"$PREFIX\" 2>/dev/null)}\"; do\n"
    "		[[ -z $line ]] || "
    "found+=(\"${line%%$'\\t'*}:${line#*$'\\t'}\")\n"
    "	done\n"
    "	if (( $#found )); then\n"
    "		_describe culvert found\n"
    "	else\n"
    "		compset -P '--*='\n"
    "		_files\n"
    "	fi\n"
    "}\n"
    "compdef _culvert ${=_culvert_names}\n"
    "unset _culvert_names\n"
    "if [[ ${funcstack[1]} == _culvert ]]; then\n"
    "	_culvert \"$@\"\n"
    "fi\n";

static const char fish[] =
    "function __culvert_complete\n"
    "	set -l bin $_culvert_bin\n"
    "	test -x \"$bin\"; or set bin culvert\n"
    "	set -l found ($bin completion words -- (commandline -opc) "
    "(commandline -ct) 2>/dev/null)\n"
    "	if set -q found[1]\n"
    "		printf '%s\\n' $found\n"
    "	else\n"
    "		__fish_complete_path (commandline -ct)\n"
    "	end\n"
    "end\n"
    "for name in (string split ' ' $_culvert_names)\n"
    "	complete -c $name -f -a '(__culvert_complete)'\n"
    "end\n"
    "set -e _culvert_names\n";

static const struct shell {
	const char *name, *start, *set, *script;
} shells[] = {
	{ "bash", "# culvert and its applets, for bash", "_culvert_%s=", bash },
	{ "fish", "# culvert and its applets, for fish", "set -g _culvert_%s ",
	    fish },
	{ "zsh", NULL, "_culvert_%s=", zsh },
};

/* In single quotes, as all three read them. */
static void
put_quoted(struct buf *b, const char *s, bool is_fish)
{
	buf_puts(b, "'");
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(b, "'\\''");
		else if (*s == '\\' && is_fish)
			buf_puts(b, "\\\\");
		else
			buf_put(b, s, 1);
	}
	buf_puts(b, "'");
}

static void
put_names(struct buf *b)
{
	const struct applet *const *a;
	const char *const *alias;

	buf_puts(b, "culvert");
	for (a = applets; *a; a++) {
		if ((*a)->unlinked)
			continue;
		buf_printf(b, " %s", (*a)->root.name);
		for (alias = (*a)->aliases; *alias; alias++)
			buf_printf(b, " %s", *alias);
	}
}

static int
run_script(const struct call *c)
{
	const struct shell *s = shells;
	struct buf b = { 0 }, names = { 0 };
	char self[PATH_MAX] = "";

	while (strcmp(s->name, c->command->arg) != 0)
		s++;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	put_names(&names);
	if (s->start)
		buf_printf(&b, "%s\n", s->start);
	else
		buf_printf(&b, "#compdef %s\n", buf_text(&names));
	buf_printf(&b, s->set, "bin");
	put_quoted(&b, self, s->script == fish);
	buf_puts(&b, "\n");
	buf_printf(&b, s->set, "names");
	put_quoted(&b, buf_text(&names), false);
	buf_puts(&b, "\n");
	buf_puts(&b, s->script);
	fputs(buf_text(&b), stdout);
	buf_free(&names);
	buf_free(&b);
	return 0;
}

static int
show(struct buf *b)
{
	fputs(buf_text(b), stdout);
	buf_free(b);
	return 0;
}

static int
run_words(const struct call *c)
{
	size_t n = c->given->nwords;
	char **words = mem_zero((n + 1) * sizeof(*words));
	struct buf b = { 0 };

	if (n)
		memcpy(words, c->given->words, n * sizeof(*words));
	complete_line(words, c->env, &b);
	free(words);
	return show(&b);
}

#define SHELL(name_)                                                  \
	{ .name = name_, .brief = "write it for " name_, .arg = name_, \
	  .run = run_script }

const struct command completion_commands[] = {
	SHELL("bash"),
	SHELL("fish"),
	{ .name = "words", .brief = "what may follow on a line", .hidden = true,
	  .run = run_words },
	SHELL("zsh"),
	{ 0 },
};

const struct applet applet_completion = {
	.root = { .name = "completion",
	    .brief = "write completions for a shell",
	    .commands = completion_commands },
	.misuse = 2,
	.unlinked = true,
};
