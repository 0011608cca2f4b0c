/* The release of frp that we speak and answer for: what -v prints, and what
 * goes over the wire.  Our own release is CULVERT_VERSION. */
#ifndef CORE_VERSION_H
#define CORE_VERSION_H

#define FRP_VERSION "0.61.0"

#endif
