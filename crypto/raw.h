/* The release has the compiler zero what is local, at each call.  RAW is for
 * what is big, and written before it is read, where many short calls would
 * spend more on that than on their work. */
#ifndef CRYPTO_RAW_H
#define CRYPTO_RAW_H

#define RAW
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#undef RAW
#define RAW __attribute__((uninitialized))
#endif
#endif

#endif
