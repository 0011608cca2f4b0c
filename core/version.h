/* The frp version whose behaviour we show to scripts and to other frp ends. */
#ifndef CORE_VERSION_H
#define CORE_VERSION_H

#define FRP_VERSION "0.61.0"

#endif
