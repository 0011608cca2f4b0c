// SPDX-License-Identifier: MIT
#include "core/filter_cfb.h"

#include <string.h>

#include "core/auth.h"
#include "core/bytes.h"
#include "core/mem.h"

void
filter_cfb_init(struct filter_cfb *f, const char *token,
    const uint8_t iv[static CFB_IV_LEN])
{
	*f = (struct filter_cfb){ 0 };
	auth_stream_key(f->key, token);
	memcpy(f->iv_out, iv, CFB_IV_LEN);
}

void
filter_cfb_release(struct filter_cfb *f)
{
	cfb_free(f->in);
	cfb_free(f->out);
	mem_wipe(f, sizeof(*f));
}

size_t
filter_cfb_decode(struct filter_cfb *f, uint8_t *p, size_t n)
{
	size_t head = 0;

	if (n == 0)
		return 0;
	if (!f->in) {
		head = min_size(n, (size_t)(CFB_IV_LEN - f->iv_have));
		memcpy(f->iv_in + f->iv_have, p, head);
		f->iv_have = (uint8_t)(f->iv_have + head);
		if (f->iv_have < CFB_IV_LEN)
			return 0;
		f->in = cfb_new(f->key, f->iv_in);
	}
	cfb_decrypt(f->in, p + head, n - head);
	return n - head;
}

void
filter_cfb_encode(struct filter_cfb *f, struct buf *to, const void *p,
    size_t n)
{
	uint8_t *at;

	if (n == 0)
		return;
	if (!f->out) {
		f->out = cfb_new(f->key, f->iv_out);
		buf_put(to, f->iv_out, CFB_IV_LEN);
	}
	at = buf_room(to, n);
	memcpy(at, p, n);
	cfb_encrypt(f->out, at, n);
	buf_added(to, n);
}
