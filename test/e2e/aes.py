"""AES-128 in CFB mode, as frp's control streams use it; slow, and enough."""
import hashlib


def _times(x):
    return (x << 1) ^ (0x11b if x & 0x80 else 0)


def _product(a, b):
    p = 0
    while b:
        p ^= a if b & 1 else 0
        a, b = _times(a), b >> 1
    return p


def _make_sbox():
    box = []
    for x in range(256):
        inverse = next((y for y in range(256) if _product(x, y) == 1), 0)
        v, out = inverse, 0x63
        for _ in range(5):
            out ^= v
            v = ((v << 1) | (v >> 7)) & 0xff
        box.append(out)
    return bytes(box)


SBOX = _make_sbox()
TWICE = bytes(_times(x) for x in range(256))
SHIFT = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11]


def _round_keys(key):
    words, round_constant = [key[i:i + 4] for i in range(0, 16, 4)], 1
    while len(words) < 44:
        w = words[-1]
        if len(words) % 4 == 0:
            w = bytes(SBOX[b] for b in w[1:] + w[:1])
            w = bytes([w[0] ^ round_constant]) + w[1:]
            round_constant = _times(round_constant)
        words.append(bytes(a ^ b for a, b in zip(words[-4], w)))
    return [b"".join(words[i:i + 4]) for i in range(0, 44, 4)]


def _mix(s):
    out = bytearray()
    for c in range(0, 16, 4):
        a = s[c:c + 4]
        whole = a[0] ^ a[1] ^ a[2] ^ a[3]
        out += bytes(a[i] ^ whole ^ TWICE[a[i] ^ a[(i + 1) % 4]]
                     for i in range(4))
    return out


def encrypt_block(keys, block):
    s = [a ^ b for a, b in zip(block, keys[0])]
    for n in range(1, 11):
        s = [SBOX[s[i]] for i in SHIFT]
        s = [a ^ b for a, b in zip(_mix(s) if n < 10 else s, keys[n])]
    return bytes(s)


def frp_key(token):
    return hashlib.pbkdf2_hmac("sha1", token.encode(), b"frp", 64, 16)


class Cfb:
    """One direction, byte by byte."""

    def __init__(self, key, iv, decrypt):
        self.keys, self.last, self.decrypt = _round_keys(key), iv, decrypt
        self.mask, self.text = b"", b""

    def update(self, data):
        out = bytearray()
        for byte in data:
            if not self.mask:
                self.mask = encrypt_block(self.keys, self.last)
                self.text = b""
            other = byte ^ self.mask[len(self.text)]
            out.append(other)
            self.text += bytes([byte if self.decrypt else other])
            if len(self.text) == 16:
                self.last, self.mask = self.text, b""
        return bytes(out)
