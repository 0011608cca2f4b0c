// SPDX-License-Identifier: MIT
#include "net/target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/ip_text.h"

bool
target_is_here(const char *host)
{
	uint8_t ip[16];

	if (ip_text_read(ip, host, strlen(host)) == 4)
		return ip[0] == 127;
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0;
}

bool
target_is_plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' ||
		    (unsigned char)*name > '~')
			return false;
	return true;
}

enum socks5_code
target_code(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return SOCKS5_REFUSED;
	case ENETUNREACH:
		return SOCKS5_NO_NETWORK;
	case EHOSTUNREACH:
	case ETIMEDOUT:
		return SOCKS5_NO_HOST;
	case EAFNOSUPPORT:
		return SOCKS5_NO_ADDRESS;
	default:
		return SOCKS5_FAILED;
	}
}
