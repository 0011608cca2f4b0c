// SPDX-License-Identifier: MIT
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/plain.h"

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
	plain_copy(safe, sizeof(safe), raw);
	if (l->sink)
		l->sink(l->arg, level, where, safe);
	errno = saved;
}
