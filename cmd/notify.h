/* Tells the service manager, where there is one, how we stand. */
#ifndef CMD_NOTIFY_H
#define CMD_NOTIFY_H

/* "READY=1", "STOPPING=1" to the datagram socket of $NOTIFY_SOCKET; a leading
 * '@' means the abstract name space.  socket NULL or no answer: nothing. */
void notify_send(const char *socket, const char *state);

#endif
