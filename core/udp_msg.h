/* How large a datagram may be to travel as frp's UDPPacket. */
#ifndef CORE_UDP_MSG_H
#define CORE_UDP_MSG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/wire.h"

/* The body around the content, with the longest address: an IPv6 one of 45
 * characters, port of 5, zone of 15. */
#define UDP_MSG_FRAME                                                \
	(sizeof("{\"c\":\"\",\"r\":{\"IP\":\"\",\"Port\":,"        \
		"\"Zone\":\"\"}}") - 1 + 45 + 5 + 15)
/* What always fits into a body of WIRE_MAX_BODY, as base64. */
#define UDP_MSG_MAX ((WIRE_MAX_BODY - UDP_MSG_FRAME) / 4 * 3)

/* Would a message of that payload pass frp's reader?  If not, the datagram is
 * to be dropped: sent, it would end the stream. */
static inline bool
udp_msg_fits(size_t payload)
{
	return payload <= UDP_MSG_MAX;
}

#endif
