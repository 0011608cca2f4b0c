/* What the types of services that have a name instead of a port share. */
#ifndef NET_PROXY_SECRET_H
#define NET_PROXY_SECRET_H

#include "net/proxy.h"

int secret_open(struct proxy *p, const struct msg_new_proxy *m,
    struct proxy_refusal *r);
void secret_close(struct proxy *p);
void secret_describe(const struct proxy_conf *c, struct msg_new_proxy *m);
extern const struct config_row secret_rows[];

#endif
