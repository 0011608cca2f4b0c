"""Our snappy streams against the library that frp uses."""
import os
import random
import shutil
import subprocess

from lib import Skip, check, timeout

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "tools", "snappypeer")


def ours(t):
    return os.path.join(t.tools, "snappypipe")


def peer(t):
    """The Go program, built into the test's own directory."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        raise Skip("there is no go here: snappy is NOT compared with frp's")
    to = os.path.join(t.dir, "snappypeer")
    built = subprocess.run([go, "build", "-mod=readonly", "-buildvcs=false",
                            "-o", to, "."], cwd=SOURCE, capture_output=True,
                           text=True)
    if built.returncode:
        raise Skip("cannot build snappypeer: snappy is NOT compared with "
                   "frp's: " + built.stderr.strip()[-300:])
    return to


def samples():
    dice = random.Random(1)
    words = [b"GET ", b"/index.html ", b"HTTP/1.1\r\n", b"Host: ", b"\0\0"]
    with open(os.path.join(HERE, "wire.py"), "rb") as f:
        text = f.read()
    yield b""
    yield b"x"
    yield b"hello\n"
    yield text * 9
    yield b"".join(dice.choice(words) for _ in range(90000))
    yield dice.randbytes(300001)
    yield bytes(200000)
    yield dice.randbytes(40000) * 3 + b"tail"


def pipe(command, data):
    return subprocess.run([str(x) for x in command], input=data,
                          capture_output=True, check=True, timeout=30).stdout


@timeout(120)
def test_peers_read_each_other(t):
    theirs = peer(t)
    for data in samples():
        for piece in (65536, 100000, 1000) if len(data) > 9 else (1, 4096):
            there = pipe([theirs, "encode", piece], data)
            here = pipe([ours(t), "encode", piece], data)
            for cut in (1, 4093, 65536):
                check(pipe([ours(t), "decode", cut], there) == data,
                      f"ours reads theirs, {len(data)} by {piece}")
            check(pipe([theirs, "decode", 4096], here) == data,
                  f"theirs reads ours, {len(data)} by {piece}")
            print(len(data), "by", piece, "ours", len(here), "theirs",
                  len(there))
            check(len(here) <= len(there) * 1.02 + 16,
                  f"ours takes {len(here)}, theirs {len(there)}")


@timeout(120)
def test_peers_break_on_the_same_streams(t):
    theirs = peer(t)
    good = bytearray(pipe([theirs, "encode", 300], b"abcabcabcd" * 70))
    dice = random.Random(2)
    for _ in range(150):
        bad = bytearray(good)
        bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        runs = [subprocess.run([str(x) for x in c], input=bytes(bad),
                               capture_output=True, timeout=30)
                for c in ([ours(t), "decode", 7], [theirs, "decode", 64])]
        check((runs[0].returncode != 0) == (runs[1].returncode != 0) and
              runs[0].stdout == runs[1].stdout,
              f"not the same verdict on {bytes(bad).hex()}")
