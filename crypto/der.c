// SPDX-License-Identifier: MIT
#include "crypto/der.h"

#include <string.h>

bool
der_take(struct der *from, unsigned tag, struct der *inner, struct der *whole)
{
	size_t head = 2, len, i, more;

	if (from->n < 2 || from->p[0] != tag)
		return false;
	len = from->p[1];
	if (len >= 0x80) {
		more = len & 0x7f;
		/* No certificate needs lengths of more than three bytes. */
		if (more == 0 || more > 3 || from->n < 2 + more)
			return false;
		for (len = 0, i = 0; i < more; i++)
			len = len << 8 | from->p[2 + i];
		head += more;
	}
	if (len > from->n - head)
		return false;
	if (inner)
		*inner = (struct der){ from->p + head, len };
	if (whole)
		*whole = (struct der){ from->p, head + len };
	from->p += head + len;
	from->n -= head + len;
	return true;
}

/* RFC 5280, 4.1: TBSCertificate */
bool
der_cert(struct der_cert *to, const uint8_t *p, size_t n)
{
	static const uint8_t before_key[] = { DER_INTEGER, DER_SEQUENCE,
		DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE };
	struct der all = { p, n }, cert, tbs, list;
	size_t i;

	memset(to, 0, sizeof(*to));
	if (!der_take(&all, DER_SEQUENCE, &cert, NULL) ||
	    !der_take(&cert, DER_SEQUENCE, &tbs, NULL))
		return false;
	der_take(&tbs, 0xa0, NULL, NULL); /* version */
	for (i = 0; i < sizeof(before_key); i++)
		if (!der_take(&tbs, before_key[i], NULL, NULL))
			return false;
	if (!der_take(&tbs, DER_SEQUENCE, NULL, &to->spki))
		return false;
	der_take(&tbs, 0x81, NULL, NULL); /* unique identifiers */
	der_take(&tbs, 0x82, NULL, NULL);
	if (der_take(&tbs, 0xa3, &list, NULL) &&
	    !der_take(&list, DER_SEQUENCE, &to->extensions, NULL))
		return false;
	return true;
}

/* The extension 2.5.29.id; value: what the octets hold. */
static bool
find_extension(const struct der_cert *c, uint8_t id, struct der *value)
{
	struct der list = c->extensions, ext, oid;

	while (der_take(&list, DER_SEQUENCE, &ext, NULL)) {
		if (!der_take(&ext, DER_OID, &oid, NULL))
			return false;
		der_take(&ext, DER_BOOLEAN, NULL, NULL); /* critical */
		if (oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d &&
		    oid.p[2] == id)
			return der_take(&ext, DER_OCTETS, value, NULL);
	}
	return false;
}

/* Among the subject's alternative names one of this tag, for which is(). */
static bool
any_name(const struct der_cert *c, unsigned tag,
    bool (*is)(const struct der *name, const void *p, size_t n),
    const void *p, size_t n)
{
	struct der value, names, name;
	unsigned at;

	if (!find_extension(c, 17, &value) ||
	    !der_take(&value, DER_SEQUENCE, &names, NULL))
		return false;
	while (names.n > 0) {
		at = names.p[0];
		if (!der_take(&names, at, &name, NULL))
			return false;
		if (at == tag && is(&name, p, n))
			return true;
	}
	return false;
}

static bool
is_same(const struct der *name, const void *p, size_t n)
{
	return name->n == n && memcmp(name->p, p, n) == 0;
}

bool
der_cert_has_ip(const struct der_cert *c, const uint8_t *ip, size_t n)
{
	return any_name(c, 0x87, is_same, ip, n); /* [7] iPAddress */
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
is_same_name(const struct der *name, const void *p, size_t n)
{
	const uint8_t *want = p;
	size_t i = 0, skip = 0;

	/* RFC 6125, 6.4.3: of a star, the whole label */
	if (name->n > 2 && name->p[0] == '*' && name->p[1] == '.') {
		while (i < n && want[i] != '.')
			i++;
		skip = 1;
	}
	if (name->n - skip != n - i)
		return false;
	for (; i < n; i++, skip++)
		if (lower(name->p[skip]) != lower(want[i]))
			return false;
	return true;
}

bool
der_is_name(const char *name)
{
	const char *p;

	for (p = name; *p; p++) {
		if (*p == '.' && (p == name || p[-1] == '.'))
			return false;
		if (strchr("*[]:%/@ ", *p) || (uint8_t)*p < 0x21)
			return false;
	}
	return p > name && p[-1] != '.';
}

bool
der_cert_has_name(const struct der_cert *c, const char *name)
{
	/* [2] dNSName */
	return der_is_name(name) &&
	    any_name(c, 0x82, is_same_name, name, strlen(name));
}

bool
der_cert_is_for(const struct der_cert *c, enum der_purpose purpose)
{
	static const uint8_t kp[] = { 0x2b, 6, 1, 5, 5, 7, 3 };
	static const uint8_t any[] = { 0x55, 0x1d, 0x25, 0 };
	struct der value, uses, use;

	if (!find_extension(c, 37, &value))
		return true;
	if (!der_take(&value, DER_SEQUENCE, &uses, NULL))
		return false;
	while (der_take(&uses, DER_OID, &use, NULL)) {
		if (use.n == sizeof(kp) + 1 &&
		    memcmp(use.p, kp, sizeof(kp)) == 0 &&
		    use.p[sizeof(kp)] == purpose)
			return true;
		if (use.n == sizeof(any) && memcmp(use.p, any, use.n) == 0)
			return true;
	}
	return false;
}
