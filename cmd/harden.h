/* What a program does to itself against whoever gets to write its memory. */
#ifndef CMD_HARDEN_H
#define CMD_HARDEN_H

/* Takes away the right to write what only relocation had to write: tables of
 * functions, rows with names, the addresses of others.  In a static program no
 * loader is there to do it, and musl's start does not.  Where the kernel
 * refuses, stderr is told and the program runs on without. */
void harden_relro(void);

#endif
