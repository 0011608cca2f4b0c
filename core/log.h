/* Lines for people.  A struct log says what is wanted and who writes it; the
 * text of a line is made plain here: what came from a peer can neither forge a
 * line of its own nor speak to a terminal. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
	enum log_level level; /* lines below it are dropped */
	void (*sink)(void *arg, enum log_level level, const char *where,
	    const char *text);
	void *arg;
	/* A sink that does not wait for its reader may keep lines.  Writes
	 * what it can, and returns in how many ms to try again, 0: nothing is
	 * kept.  NULL: it keeps none. */
	unsigned (*flush)(void *arg);
};

int log_level_of(const char *name); /* <0 when there is no such level */
void log_at(const struct log *l, enum log_level level, const char *where,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define LOG_STR_(x) #x
#define LOG_STR(x) LOG_STR_(x)
#define LOG_HERE __FILE__ ":" LOG_STR(__LINE__)
#define log_any(l, level_, ...)                                      \
	do {                                                         \
		if ((l)->level <= (level_))                          \
			log_at((l), (level_), LOG_HERE, __VA_ARGS__); \
	} while (0)
#define log_trace(l, ...) log_any(l, LOG_TRACE, __VA_ARGS__)
#define log_debug(l, ...) log_any(l, LOG_DEBUG, __VA_ARGS__)
#define log_info(l, ...) log_any(l, LOG_INFO, __VA_ARGS__)
#define log_warn(l, ...) log_any(l, LOG_WARN, __VA_ARGS__)
#define log_error(l, ...) log_any(l, LOG_ERROR, __VA_ARGS__)

#endif
