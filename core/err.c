// SPDX-License-Identifier: MIT
#include "core/err.h"

const char *
err_str(int err)
{
	switch ((enum err)err) {
	case ERR_EOF:
		return "EOF";
	case ERR_SYS:
		return "system error";
	case ERR_PROTO:
		return "malformed data from the peer";
	case ERR_LIMIT:
		return "a limit was passed";
	case ERR_AUTH:
		return "wrong credentials";
	case ERR_TLS:
		return "TLS failed";
	case ERR_LATE:
		return "i/o deadline reached";
	case ERR_RESET:
		return "connection reset by peer";
	}
	return err < 0 ? "unknown error" : "success";
}
