/* What can be told of a target that somebody asks for by SOCKS. */
#ifndef NET_TARGET_H
#define NET_TARGET_H

#include <stdbool.h>

#include "core/socks5.h"

bool target_is_here(const char *host); /* this machine itself */
bool target_is_plain(const char *name); /* fit for texts and logs */
/* Why it could not be dialled: of an errno, 0 for none. */
enum socks5_code target_code(int error);

#endif
