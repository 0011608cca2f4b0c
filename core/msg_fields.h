/* How messages are described to the encoder and the decoder. */
#ifndef CORE_MSG_FIELDS_H
#define CORE_MSG_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "core/msg.h"

enum field_kind {
	FIELD_STR,
	FIELD_INT,
	FIELD_PORT, /* an integer from 0 to 65535 */
	FIELD_BOOL,
	FIELD_STRS,
	FIELD_PAIRS,
	FIELD_BYTES, /* base64 */
	FIELD_ADDR,  /* an object that may be absent; written whole */
	FIELD_OBJ,   /* an object of its own fields, always written */
	FIELD_RANGES,
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	const struct field *fields; /* of OBJ */
};

struct msg_kind {
	uint8_t byte;
	uint16_t id; /* the number in wire protocol v2 */
	const char *name;
	const struct field *fields;
};

extern const struct msg_kind msg_kinds[MSG_TYPES];
extern const struct field msg_addr_fields[];

#endif
