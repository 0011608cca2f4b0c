// SPDX-License-Identifier: MIT
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

int
log_level_of(const char *name)
{
	static const char *const names[] = { "trace", "debug", "info", "warn",
		"error" };
	int i;

	for (i = LOG_TRACE; i <= LOG_ERROR; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

/* Writes from into to; what is no printable character in UTF-8 goes byte by
 * byte as \xNN: C0 and C1 controls, which terminals obey, and broken UTF-8.
 * To is always ended. */
static void
escape(char *to, size_t room, const char *from)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0, left = strlen(from), len, i;
	uint32_t rune;

	for (; left; from += len, left -= len) {
		len = utf8_get(from, left, &rune);
		if (len && rune >= ' ' && (rune < 0x7f || rune > 0x9f)) {
			if (at + len >= room)
				break;
			memcpy(to + at, from, len);
			at += len;
			continue;
		}
		len = len ? len : 1;
		if (at + 4 * len >= room)
			break;
		for (i = 0; i < len; i++) {
			uint8_t c = (uint8_t)from[i];

			to[at++] = '\\';
			to[at++] = 'x';
			to[at++] = digits[c >> 4];
			to[at++] = digits[c & 15];
		}
	}
	to[at] = '\0';
}

void
log_at(const struct log *l, enum log_level level, const char *where,
    const char *fmt, ...)
{
	char raw[1024], safe[2048];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	escape(safe, sizeof(safe), raw);
	if (l->sink)
		l->sink(l->arg, level, where, safe);
	errno = saved;
}
