"""What the program is built and started with against whoever gets to write
its memory: read from its file and from what the kernel has mapped."""
import ctypes
import os
import platform
import struct
import sys

from lib import EchoServer, Skip, check, dial, read_exactly
from pairs import Pair
from test_scale import is_sanitized

ET_DYN = 3
LOAD, DYNAMIC, INTERP = 1, 2, 3
STACK, RELRO = 0x6474e551, 0x6474e552
X, W, R = 1, 2, 4
NEEDED, TEXTREL, FLAGS, FLAGS_1 = 1, 22, 30, 0x6ffffffb
HAS_TEXTREL, BIND_NOW = 4, 8
NOW, PIE = 1, 0x08000000
NOT_RANDOM = 0x40000
STARTS = 4

# Runs a program for which the kernel refuses to make pages read-only.
REFUSED = """
import ctypes, os, struct, sys
number = int(sys.argv[1])
rows = ((0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 32),
        (0x15, 0, 1, 1), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000))
code = ctypes.create_string_buffer(
    b"".join(struct.pack("=HBBI", *r) for r in rows))
prog = struct.pack("@HP", len(rows), ctypes.addressof(code))
prctl = ctypes.CDLL(None).prctl
if prctl(38, 1, 0, 0, 0) or prctl(22, 2, prog, 0, 0):
    sys.exit(99)
os.execv(sys.argv[2], sys.argv[2:])
"""
MPROTECT = {"x86_64": 10, "aarch64": 226}


class Elf:
    """The program's header, its segments and its dynamic section."""
    HEAD = struct.Struct("<16sHHIQQQIHHHHHH")
    SEGMENT = struct.Struct("<IIQQQQQQ")

    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        ident, self.type, *rest = self.HEAD.unpack_from(data)
        if ident[:6] != b"\x7fELF\2\1":
            raise Skip("not a program of 64 bits, the lowest first")
        at, step, n = rest[3], rest[7], rest[8]
        self.segments = [self.SEGMENT.unpack_from(data, at + i * step)
                         for i in range(n)]
        self.tags = {}
        for _, _, offset, _, _, size, _, _ in self.all(DYNAMIC):
            self.tags.update(struct.iter_unpack(
                "<QQ", data[offset:offset + size]))

    def all(self, kind):
        return [s for s in self.segments if s[0] == kind]

    def addresses(self, kind):
        return [(s[3], s[3] + s[6]) for s in self.all(kind)]


def release(t):
    if is_sanitized(t.bin):
        raise Skip("a sanitized build is not the one that is shipped")
    return Elf(t.bin)


def maps(p):
    """Of each mapping: where it is from and to, its rights, its file."""
    found = []
    for line in p._proc_file("maps").splitlines():
        words = line.split(maxsplit=5)
        begin, end = (int(x, 16) for x in words[0].split("-"))
        found.append((begin, end, words[1], words[5] if words[5:] else ""))
    return found


def base(t, p):
    """Where the program begins in memory."""
    path = os.path.realpath(t.bin)
    return min(begin for begin, _, _, name in maps(p) if name == path)


def test_the_release_is_a_static_pie(t):
    elf = release(t)
    check(elf.type == ET_DYN, f"it is of type {elf.type}, not independent")
    check(not elf.all(INTERP), "it wants a loader")
    check(NEEDED not in elf.tags, "it wants a library")
    check(elf.tags.get(FLAGS_1, 0) & PIE, "it is no PIE")


def test_the_text_of_the_release_is_nowhere_relocated(t):
    elf = release(t)
    check(elf.all(DYNAMIC), "it cannot be relocated at all")
    check(TEXTREL not in elf.tags)
    check(not elf.tags.get(FLAGS, 0) & HAS_TEXTREL)


def test_the_release_binds_at_once_and_says_what_is_constant(t):
    elf = release(t)
    check(elf.tags.get(FLAGS, 0) & BIND_NOW or
          elf.tags.get(FLAGS_1, 0) & NOW, "it binds when first called")
    check(len(elf.all(RELRO)) == 1, "nothing is marked")


def test_no_segment_of_the_release_is_both_writable_and_executable(t):
    elf = release(t)
    for s in elf.all(LOAD):
        check(s[1] & (W | X) != W | X, f"{s}")
    rights = [s[1] for s in elf.all(STACK)]
    check(rights == [R | W], f"the stack's rights are {rights}")


def test_the_program_lies_elsewhere_each_time(t):
    release(t)
    with open("/proc/sys/kernel/randomize_va_space") as f:
        if f.read().strip() == "0":
            raise Skip("the kernel puts everything in one place")
    if ctypes.CDLL(None).personality(0xffffffff) & NOT_RANDOM:
        raise Skip("who started us asked for one place")
    at = {base(t, t.frps(name=f"s{i}")) for i in range(STARTS)}
    check(len(at) == STARTS, f"only at {[hex(a) for a in at]}")


def test_what_is_constant_cannot_be_written_while_it_runs(t):
    """The kernel's word: whole pages of it are mapped, and read-only."""
    elf = release(t)
    page = os.sysconf("SC_PAGESIZE")
    pair = Pair(t, EchoServer(), True, True)
    for p in (pair.server, pair.client):
        bias = base(t, p) if elf.type == ET_DYN else 0
        for begin, end in elf.addresses(RELRO):
            begin, end = (bias + a // page * page for a in (begin, end))
            check(begin < end, "less than a page")
            covered = 0
            for b, e, rights, _ in maps(p):
                both = min(e, end) - max(b, begin)
                if both > 0:
                    check(rights == "r--p", f"{p.name}: {rights} at {b:x}")
                    covered += both
            check(covered == end - begin, f"{covered} bytes of it are there")


def test_no_page_is_both_writable_and_executable(t):
    release(t)
    pair = Pair(t, EchoServer(), True, True)
    with dial(pair.port) as s:
        s.sendall(b"there and back")
        check(read_exactly(s, 14) == b"there and back")
        for p in (pair.server, pair.client):
            for begin, _, rights, name in maps(p):
                check(not {"w", "x"} <= set(rights),
                      f"{p.name}: {rights} at {begin:x} {name}")


def test_a_kernel_that_leaves_constant_data_writable_is_told_of(t):
    """And the program works on."""
    release(t)
    number = MPROTECT.get(platform.machine())
    if number is None:
        raise Skip(f"what is mprotect on {platform.machine()}?")
    p = t.proc([sys.executable, "-c", REFUSED, number,
                os.path.abspath(t.bin), "--version"])
    status = p.wait()
    if status == 99:
        raise Skip("the kernel has no filters")
    check(status == 0, p.text)
    p.wait_line("constant data stays writable: Operation not permitted")
    p.wait_line(r"culvert \d")
