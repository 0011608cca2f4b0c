// SPDX-License-Identifier: MIT
#include "core/mux_frame.h"

#include "core/bytes.h"

void
mux_frame_put(uint8_t to[static MUX_HEAD], enum mux_frame_type type,
    uint16_t flags, uint32_t id, uint32_t len)
{
	to[0] = 0; /* the only version there is */
	to[1] = (uint8_t)type;
	put_be16(to + 2, flags);
	put_be32(to + 4, id);
	put_be32(to + 8, len);
}

struct mux_frame
mux_frame_get(const uint8_t from[static MUX_HEAD])
{
	return (struct mux_frame){
		.version = from[0],
		.type = from[1],
		.flags = be16(from + 2),
		.id = be32(from + 4),
		.len = be32(from + 8),
	};
}

const char *
mux_frame_guess(uint8_t first)
{
	/* a TLS record, or the byte that frp puts in front of one */
	if (first == 0x16 || first == 0x17)
		return "is TLS switched on at one side only?";
	/* messages of the first wire protocol start with a small letter or a
	 * digit, those of the second with F */
	if ((first >= 'a' && first <= 'z') || (first >= '0' && first <= '9') ||
	    first == 'F')
		return "is tcpMux switched off on one side?";
	if (first >= 'A' && first <= 'Z')
		return "is it an HTTP client or server?";
	return "is it frp at all?";
}
