/* The few ways in which a thing can fail, and their words. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

enum err {
	ERR_EOF = -1,	/* the other side ended, in good order */
	ERR_SYS = -2,	/* a system call said no; errno was read where it did */
	ERR_PROTO = -3, /* bytes that no peer may send */
	ERR_LIMIT = -4, /* more than we are ready to hold */
	ERR_AUTH = -5,	/* credentials that do not fit */
	ERR_TLS = -6,	/* the TLS layer ended the session */
	ERR_LATE = -7,	/* a deadline passed */
	ERR_RESET = -8, /* the other side broke off */
};

const char *err_str(int err); /* static text, lower case, no full stop */

#endif
