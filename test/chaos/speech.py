"""What a frp peer can say, right or spoilt."""
import struct
import time

from frp import auth_key, packed
from socks import address

TOKEN = "tok-en"
SNAPPY = b"\xff\x06\0\0sNaPpY"
SPOILT = [
    b"GET / HTTP/1.1\r\n\r\n" * 9,
    SNAPPY + b"\x01\x09\0\0\0\0\0\0hello",
    SNAPPY + b"\x42\x05\0\0hello",
    SNAPPY + b"\x00\xff\xff\xff" + bytes(64),
    SNAPPY + b"\x00\x08\0\0\0\0\0\0\x10\xfe\xff\xff",
    SNAPPY + b"\x01\x09\0\0\0\0", SNAPPY, SNAPPY[:5], bytes(3000),
]
DATAGRAMS = {"culvert_datagrams": 1}
KINDS = b"o1p2cwrsv3h4uinm56"


def signed(key):
    t = int(time.time())
    return {"timestamp": t, "privilege_key": auth_key(key, t)}


def login(run_id, token=TOKEN, **more):
    return packed(b"o", {"version": "0.61.0", "os": "linux", "arch": "amd64",
                         "run_id": run_id, "client_spec": {},
                         **signed(token), **more})


def login_resp(run_id, **more):
    return packed(b"1", {"version": "0.61.0", "run_id": run_id, **more})


def proxy(name, type="tcp", port=0, **more):
    return packed(b"p", {"proxy_name": name, "proxy_type": type,
                         "remote_port": port, "sk": f"key of {name}", **more})


def work(run_id):
    return packed(b"w", {"run_id": run_id})


def ping():
    return packed(b"h", {})


def start(name, **more):
    return packed(b"s", {"proxy_name": name, "src_addr": "127.0.0.1",
                         "src_port": 4321, "dst_addr": "127.0.0.1",
                         "dst_port": 80, **more})


def visit(name, key, run_id="", **more):
    t = int(time.time())
    return packed(b"v", {"run_id": run_id, "proxy_name": name,
                         "sign_key": auth_key(key, t), "timestamp": t, **more})


def datagram(dice):
    body = dice.choice([
        {"c": "aGk=", "r": {"IP": "127.0.0.1", "Port": 5, "Zone": ""}},
        {"c": "A" * dice.choice([4, 400, 8000]),
         "r": {"IP": "::1", "Port": 70000, "Zone": "lo"}},
        {"c": "!!", "r": {"IP": "127.0.0.1", "Port": 5, "Zone": ""}},
        {"c": "aGk="}, {"r": {"IP": "x" * 99, "Port": -1, "Zone": "y"}}, {}])
    return packed(b"u", body)


def framed(dice):
    """One of our own datagrams, right or wrong."""
    payload = dice.randbytes(dice.choice([0, 1, 5, 100, 1400, 40000]))
    body = dice.choice([b"\4", b"\6", b"\0", b"\7"]) + dice.randbytes(
        dice.choice([2, 6, 18])) + payload
    return struct.pack(">H", dice.choice([len(body), len(body), 0, 65535])
                       ) + body


def anything(dice, names, run_ids, ports):
    """A message of some kind, about some of these."""
    name, port = dice.choice(names), dice.choice(ports)
    run_id = dice.choice(run_ids)
    body = {"proxy_name": name, "run_id": run_id, "remote_port": port,
            "proxy_type": dice.choice(["tcp", "udp", "stcp", "sudp", "xtcp",
                                       "http", "", "?"]),
            "remote_addr": f":{port}", "c": "aGk=", "sk": "k",
            **signed(dice.choice([TOKEN, "wrong"])),
            **dice.choice([{}, {}, {"error": "no"}, {"use_compression": True},
                           {"use_encryption": True}, {"group": "g"},
                           {"allow_users": ["*"] * 9}, DATAGRAMS,
                           {"error": "\n\x1b[31m" + "e" * 900}])}
    return packed(bytes([dice.choice(KINDS)]), body)


def broken(dice):
    """No message, though it may look like one."""
    kind = bytes([dice.choice(KINDS)])
    return dice.choice([
        lambda: kind + struct.pack(">q", dice.choice(
            [-1, 0, 10241, 1 << 40, 1 << 62])) + b"{}",
        lambda: packed(kind, dice.choice([[], 1, "x", None, {"run_id": 5},
                                          {"metas": []}, {"proxy_name": {}}])),
        lambda: kind + struct.pack(">q", 9) + b'{"a":"\xff\xfe"',
        lambda: kind + struct.pack(">q", 900) + b'[' * 900,
        lambda: dice.randbytes(dice.choice([1, 9, 12, 100, 900])),
        lambda: packed(kind, {})[:dice.randrange(1, 11)]])()


def socks(dice, host="127.0.0.1", port=9, command=1, early=b""):
    return (b"\5\1\0" + bytes([5, command, 0]) + address(host, port) + early)


def odd_socks(dice, ports):
    """A greeting and a request that is somehow odd."""
    host = dice.choice(["127.0.0.1", "localhost", "::1", "10.255.255.1",
                        "no-such-name.invalid", "echo.culvert.invalid",
                        "127.9.9.9", "a b\nc", "x" * 255])
    return dice.choice([
        lambda: socks(dice, host, dice.choice(ports), dice.choice([1, 1, 3])),
        lambda: socks(dice, host, dice.choice(ports), dice.choice([0, 2, 9]),
                      b"early"),
        lambda: b"\5\2\0\2\1\1u\1p" + socks(dice)[3:],
        lambda: b"\4\1\0\x50\x7f\0\0\1me\0", lambda: b"\5\0",
        lambda: b"\5\xff" + bytes(255), lambda: b"GET / HTTP/1.1\r\n\r\n",
        lambda: b"\5\1\0\5\1\0\x09abc"])()


def flips(dice, rate):
    """What changes a bit now and then, about one in so many bytes."""
    def spoil(data):
        out = bytearray(data)
        for _ in range(len(data) // rate + (dice.random() < 0.5)):
            if out:
                out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
        return bytes(out)
    return spoil


def new_id(dice):
    """An id of nobody else."""
    return f"{dice.getrandbits(64):016x}"
