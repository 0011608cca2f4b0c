// SPDX-License-Identifier: MIT
#include "cmd/say.h"

#include <poll.h>
#include <stdarg.h>

#include "core/plain.h"

#define NAP_MS 5

static void
put_line(struct buf *to, const char *fmt, va_list ap)
{
	struct buf text = { 0 };

	buf_vprintf(&text, fmt, ap);
	plain_put(to, buf_text(&text));
	buf_puts(to, "\n");
	buf_free(&text);
}

static void
say(struct out *o, const char *fmt, va_list ap)
{
	struct buf b = { 0 };
	unsigned long lost = o->lost;

	if (lost && out_has_room(o)) {
		buf_printf(&b, "%lu lines were lost\n", lost);
		if (out_put(o, buf_peek(&b), buf_len(&b)))
			o->lost -= lost;
		buf_take(&b, buf_len(&b));
	}
	put_line(&b, fmt, ap);
	if (!out_put(o, buf_peek(&b), buf_len(&b)))
		o->lost++;
	buf_free(&b);
}

void
say_out(struct say *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(&s->out, fmt, ap);
	va_end(ap);
}

void
say_err(struct say *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(&s->err, fmt, ap);
	va_end(ap);
}

void
say_to(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(o, fmt, ap);
	va_end(ap);
}

unsigned
say_flush(void *say)
{
	struct say *s = say;
	unsigned out = out_flush(&s->out), err = out_flush(&s->err);

	return out && (!err || out < err) ? out : err;
}

void
say_last(const struct log *l, int ms)
{
	bool ends = ms >= 0;

	for (; l->flush(l->arg) && (!ends || ms > 0); ms -= ends ? NAP_MS : 0)
		(void)poll(NULL, 0, NAP_MS);
}

void
say_close(struct say *s)
{
	out_close(&s->out);
	out_close(&s->err);
}

static void
to_err(void *arg, enum log_level level, const char *where, const char *text)
{
	(void)level;
	(void)where;
	say_err(arg, "culvert: %s", text);
}

/* Steps are told by themselves, so what is below a warning is no news. */
struct log
say_log(struct say *s)
{
	return (struct log){ s->verbose ? LOG_WARN : LOG_ERROR,
		s->verbose ? to_err : NULL, s, say_flush };
}

void
say_line(FILE *to, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	put_line(&b, fmt, ap);
	va_end(ap);
	fputs(buf_text(&b), to);
	buf_free(&b);
}

void
say_lines(FILE *to, const char *text)
{
	struct buf b = { 0 };

	plain_put_lines(&b, text);
	buf_puts(&b, "\n");
	fputs(buf_text(&b), to);
	buf_free(&b);
}

int
say_error(const char *why)
{
	say_line(stderr, "Error: %s", why);
	return 1;
}

int
say_errors(const char *why)
{
	fputs("Error: ", stderr);
	say_lines(stderr, why);
	return 1;
}
