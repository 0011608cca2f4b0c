"""AES-128 in CFB mode, as frp's control streams use it. The library is the
one that Python's ssl stands on."""
import ctypes
import hashlib

IV = bytes(range(16))


def _library():
    lib = ctypes.CDLL("libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_cfb128"):
        getattr(lib, name).restype = ctypes.c_void_p
    return lib


LIB = _library()


def frp_key(token):
    return hashlib.pbkdf2_hmac("sha1", token.encode(), b"frp", 64, 16)


class Cfb:
    """One direction."""

    def __init__(self, key, iv, decrypt):
        self.state = ctypes.c_void_p(LIB.EVP_CIPHER_CTX_new())
        kind = ctypes.c_void_p(LIB.EVP_aes_128_cfb128())
        if not LIB.EVP_CipherInit_ex(self.state, kind, None, key, iv,
                                     0 if decrypt else 1):
            raise RuntimeError("the library does not take the key")

    def update(self, data):
        out = ctypes.create_string_buffer(len(data) + 16)
        n = ctypes.c_int()
        if not LIB.EVP_CipherUpdate(self.state, out, ctypes.byref(n),
                                    bytes(data), len(data)):
            raise RuntimeError("the library does not go on")
        return out.raw[:n.value]

    def __del__(self):
        LIB.EVP_CIPHER_CTX_free(self.state)


class Seal:
    """One direction of what is said; the IV comes out before the first."""

    def __init__(self, token, iv=IV):
        self.first, self.cfb = iv, Cfb(frp_key(token), iv, False)

    def __call__(self, data):
        first, self.first = self.first, b""
        return first + self.cfb.update(data)
