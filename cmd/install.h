/* Links in dir, one for each applet and alias, to this very binary.  Says
 * what it did; returns the exit status. */
#ifndef CMD_INSTALL_H
#define CMD_INSTALL_H

int install_links(const char *dir);

#endif
