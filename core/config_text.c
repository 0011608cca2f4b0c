// SPDX-License-Identifier: MIT
/* Which format a text is in, and the tree it becomes. */
#include "core/config_read.h"

#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/template.h"

static bool
ends_with(const char *file, const char *ending)
{
	size_t n = strlen(file), m = strlen(ending);

	return n >= m && strcasecmp(file + n - m, ending) == 0;
}

/* Is there a line that is [common], as every INI file of frp has? */
static bool
has_common(const char *p, size_t n)
{
	const char *end = p + n, *eol;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		while (p < eol && (*p == ' ' || *p == '\t'))
			p++;
		if (eol - p >= 8 && memcmp(p, "[common]", 8) == 0)
			return true;
	}
	return false;
}

static const char *
first_text(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p) && *p)
		p++;
	return p;
}

static int
refuse(const char *file, const char *format, const char *instead,
    struct buf *why)
{
	buf_printf(why, "%s: not supported yet: %s files; %s", file, format,
	    instead);
	return ERR_PROTO;
}

/* Does the line where TOML failed look like 'key: value' or '- item'? */
static bool
is_yaml(const char *text, const struct value_error *e)
{
	const char *p = text;
	unsigned line;

	for (line = 1; line < e->line && p; line++) {
		p = strchr(p, '\n');
		p += p != NULL;
	}
	if (!p)
		return false;
	p += strspn(p, " \t");
	if (strncmp(p, "---", 3) == 0 || strncmp(p, "- ", 2) == 0)
		return true;
	p += strcspn(p, " =:\n\"'[{");
	return *p == ':';
}

static struct value *
parse(const struct config_source *from, struct buf *text, bool *json,
    const struct template_gaps *gaps, struct buf *why)
{
	const char *start = buf_text(text), *end = start + buf_len(text);
	const char *first = first_text(start, end);
	bool yaml = ends_with(from->file, ".yaml") ||
	    ends_with(from->file, ".yml");
	struct value_error e;
	struct value *v;

	*json = first < end && *first == '{';
	if (!*json && yaml && first < end) {
		refuse(from->file, "YAML", "write the settings as TOML or JSON",
		    why);
		return NULL;
	}
	v = (*json ? json_parse : toml_parse)(start, buf_len(text), &e);
	if (v)
		return v;
	if (!*json && is_yaml(start, &e))
		refuse(from->file, "YAML", "write the settings as TOML or JSON",
		    why);
	else
		buf_printf(why, "%s:%u:%u: %s", from->file, e.line, e.column,
		    e.text);
	config_put_unset(gaps, why);
	return NULL;
}

struct value *
config_parse(const struct config_source *from, bool *json,
    struct template_gaps *gaps, struct buf *why)
{
	struct buf text = { 0 }, wrong = { 0 };
	struct value *v = NULL;

	if (ends_with(from->file, ".ini") || has_common(from->text, from->n))
		refuse(from->file, "INI", "write them as TOML: 'server_addr = "
		    "x' in [common] becomes 'serverAddr = \"x\"' at the top, "
		    "and [ssh] becomes [[proxies]] with name = \"ssh\"", why);
	else if (template_render(from->text, from->n, from->env, &text,
		gaps, &wrong) < 0)
		buf_printf(why, "%s: %s", from->file, buf_text(&wrong));
	else
		v = parse(from, &text, json, gaps, why);
	buf_wipe(&text);
	buf_free(&wrong);
	return v;
}
