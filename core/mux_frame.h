/* The 12 bytes in front of everything a yamux peer says. */
#ifndef CORE_MUX_FRAME_H
#define CORE_MUX_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "core/mux.h"

enum mux_frame_type {
	MUX_FRAME_DATA,	  /* len bytes of payload follow */
	MUX_FRAME_WINDOW, /* len more bytes may be sent on id */
	MUX_FRAME_PING,	  /* len is any value, given back in the answer */
	MUX_FRAME_GOAWAY, /* len is a reason */
};

#define MUX_FLAG_SYN 0x1
#define MUX_FLAG_ACK 0x2
#define MUX_FLAG_FIN 0x4
#define MUX_FLAG_RST 0x8

enum mux_reason { MUX_NORMAL, MUX_PROTOCOL, MUX_INTERNAL };

struct mux_frame {
	uint8_t version, type;
	uint16_t flags;
	uint32_t id, len;
};

void mux_frame_put(uint8_t to[static MUX_HEAD], enum mux_frame_type type,
    uint16_t flags, uint32_t id, uint32_t len);
struct mux_frame mux_frame_get(const uint8_t from[static MUX_HEAD]);
/* What a first byte that is not yamux probably means, as a question for the
 * people at either end. */
const char *mux_frame_guess(uint8_t first);

#endif
