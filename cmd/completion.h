/* The commands below "completion", wherever that stands. */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include "cmd/applet.h"

extern const struct command completion_commands[];

#endif
