"""frp's cipher, quicker than test/e2e/aes.py: whoever attacks with a sealed
control stream says a lot."""
import functools

import aes
from aes import SBOX, SHIFT, TWICE, frp_key

IV = bytes(range(16))
M = 0xffffffff


def _column(row, x):
    """What a byte in that row adds to its column, as a number."""
    s = SBOX[x]
    column = [TWICE[s], s, s, TWICE[s] ^ s]
    return int.from_bytes(bytes(column[(i - row) % 4] for i in range(4)),
                          "big")


TABLES = [[_column(row, x) for x in range(256)] for row in range(4)]


@functools.lru_cache(maxsize=64)
def round_keys(token):
    return [tuple(int.from_bytes(k[c:c + 4], "big") for c in range(0, 16, 4))
            for k in map(bytes, aes._round_keys(frp_key(token)))]


def block(keys, text):
    """What the cipher makes of a block; both are numbers."""
    t, u, v, w = TABLES
    k = keys[0]
    a, b, c, d = (text >> 96 ^ k[0], (text >> 64 & M) ^ k[1],
                  (text >> 32 & M) ^ k[2], (text & M) ^ k[3])
    for e, f, g, h in keys[1:10]:
        a, b, c, d = (
            t[a >> 24] ^ u[b >> 16 & 255] ^ v[c >> 8 & 255] ^ w[d & 255] ^ e,
            t[b >> 24] ^ u[c >> 16 & 255] ^ v[d >> 8 & 255] ^ w[a & 255] ^ f,
            t[c >> 24] ^ u[d >> 16 & 255] ^ v[a >> 8 & 255] ^ w[b & 255] ^ g,
            t[d >> 24] ^ u[a >> 16 & 255] ^ v[b >> 8 & 255] ^ w[c & 255] ^ h)
    last = (a << 96 | b << 64 | c << 32 | d).to_bytes(16, "big")
    k = keys[10]
    return int.from_bytes(bytes(SBOX[last[i]] for i in SHIFT), "big") ^ (
        k[0] << 96 | k[1] << 64 | k[2] << 32 | k[3])


class Seal:
    """One direction of a stream; what is put in comes out sealed, the IV
    before the first of it."""

    def __init__(self, token, iv=IV):
        self.keys, self.iv = round_keys(token), iv
        self.mask, self.text = b"", iv

    def __call__(self, data):
        out, at = bytearray(self.iv), 0
        self.iv = b""
        while at < len(data):
            if len(self.text) == 16:
                self.mask = block(self.keys, int.from_bytes(
                    self.text, "big")).to_bytes(16, "big")
                self.text = b""
            have = len(self.text)
            piece = data[at:at + 16 - have]
            mask = self.mask[have:have + len(piece)]
            at += len(piece)
            piece = (int.from_bytes(piece, "big") ^ int.from_bytes(
                mask, "big")).to_bytes(len(piece), "big")
            out += piece
            self.text += piece
        return bytes(out)
