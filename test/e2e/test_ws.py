"""WebSocket below the link: as it is, and behind a front that ends TLS."""
import base64
import contextlib
import hashlib
import os
import socket
import struct

from front import Front
from frp import LOGIN, LOGIN_RESP, packed, signed
from lib import (STARTED, DuplexServer, EchoServer, check, dial, digest,
                 duplex, echo, pattern, read_exactly, read_to_end, tcp_proxy,
                 timeout)
from pairs import Pair, every_way
from test_halfclose import AnswersAfterTheEnd
from test_tls import FORCED, TLS, Authority

WS = {"transport.protocol": "websocket"}
WSS = {"transport.protocol": "wss"}
HEAD = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Origin": "http://x", "Sec-WebSocket-Version": "13"}
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def ask(port, path="/~!frp", **other):
    """The status of the answer, and the connection; a header that is None is
    left out, and _ stands for -."""
    head = dict(HEAD, **{k.replace("_", "-"): v for k, v in other.items()})
    s = dial(port)
    s.sendall(f"GET {path} HTTP/1.1\r\n".encode() + b"".join(
        f"{k}: {v}\r\n".encode() for k, v in head.items() if v is not None) +
        b"\r\n")
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        part = s.recv(1)
        check(part, f"the end came after {said}")
        said += part
    return int(said.split()[1]), said.decode(), s


def frame(opcode, data=b"", mask=True):
    key = os.urandom(4) if mask else b""
    n = len(data)
    length = bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n)
    length = bytes([length[0] | (mask << 7)]) + length[1:]
    if mask:
        data = bytes(c ^ key[i % 4] for i, c in enumerate(data))
    return bytes([0x80 | opcode]) + length + key + data


def read_frame(s):
    """Opcode and payload; (None, b"") at the end."""
    head = read_exactly(s, 2)
    if len(head) < 2:
        return None, b""
    check(head[0] & 0x80 and not head[1] & 0x80, f"odd frame {head}")
    n = head[1]
    if n == 126:
        n = struct.unpack(">H", read_exactly(s, 2))[0]
    return head[0] & 15, read_exactly(s, n)


def ends(s):
    """The other end closes, soon."""
    s.settimeout(3)
    try:
        return read_to_end(s)
    except ConnectionResetError:
        return b""


def carries(pair_or_port):
    port = getattr(pair_or_port, "port", pair_or_port)
    for n in (1, 1000, 300_000):
        wrong = duplex(port, n, n + 7, seed=n)
        check(not wrong, f"{n} bytes: {wrong}")


def test_a_tunnel_in_websocket_carries_what_any_other_does(t):
    def work(mux, tls, name):
        pair = Pair(t, DuplexServer(), mux, tls, client=WS, name=name)
        carries(pair)
        pair.stop()
    every_way(work)


def test_many_connections_at_once_in_websocket(t):
    def work(mux, tls, name):
        pair = Pair(t, EchoServer(), mux, tls, client=WS, name=name)
        open_now = [dial(pair.port) for _ in range(50)]
        for i, s in enumerate(open_now):
            s.sendall(pattern(5000 + i, i))
        for i, s in enumerate(open_now):
            check(read_exactly(s, 5000 + i) == pattern(5000 + i, i), str(i))
            s.close()
    every_way(work)


def test_the_request_calls_the_server_by_name_and_port(t):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    t.frpc(port, [], {**WS, "serverAddr": "localhost"})
    s, _ = listener.accept()
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += s.recv(4096)
    lines = said.decode().split("\r\n")
    check(lines[0] == "GET /~!frp HTTP/1.1", lines[0])
    check(f"Host: localhost:{port}" in lines, said)
    check(f"Origin: http://localhost:{port}" in lines, said)


def test_a_client_says_why_there_is_no_websocket(t):
    for i, (answer, why) in enumerate((
            (b"HTTP/1.1 404 Not Found\r\n\r\n",
             "websocket: the answer is '404 Not Found'"),
            (b"SSH-2.0-x\r\n\r\n", "websocket: the answer is no HTTP"),
            (b"", "EOF in the WebSocket handshake"))):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = t.frpc(listener.getsockname()[1], [], WS, name=f"frpc{i}")
        s, _ = listener.accept()
        s.recv(4096)
        s.sendall(answer)
        with contextlib.suppress(OSError):  # the client may be gone by now
            s.shutdown(socket.SHUT_WR)
        check(client.wait(15) == 1)
        client.wait_line(f"connect to server error: {why}")


def test_a_forced_tls_is_asked_for_inside_of_websocket_too(t):
    server = t.frps({TLS + "force": True})
    for i, conf in enumerate(({}, {TLS + "disableCustomTLSFirstByte": False})):
        row = tcp_proxy(f"echo{i}", EchoServer().port)
        t.frpc(server, [row], {**WS, **conf}, name=f"frpc{i}")
        check(echo(row["remotePort"], b"hello") == b"hello")
    client = t.frpc(server, [], {**WS, TLS + "enable": False}, name="plain")
    check(client.wait(15) == 1)
    server.wait_line(rf"\[W\].* client \[127\.0\.0\.1:\d+\]: {FORCED}$")


def test_a_websocket_client_comes_back_after_a_restart(t):
    pair = Pair(t, EchoServer(), client=WS)
    mark = pair.client.mark()
    pair.server.kill()
    pair.server.again()
    pair.client.wait_line(STARTED, since=mark)
    check(echo(pair.port, b"again") == b"again")


def test_a_half_close_goes_through_websocket_with_a_mux(t):
    for tls in (True, False):
        pair = Pair(t, AnswersAfterTheEnd(), True, tls, client=WS,
                    name=f"{tls}")
        with dial(pair.port) as s:
            s.sendall(b"x" * 100_000)
            s.shutdown(socket.SHUT_WR)
            said = read_to_end(s)
        want = digest(b"x" * 100_000).encode() + pattern(1 << 20, 100_000)
        check(said == want, f"{len(said)} bytes came back")


def front(t, server, ours, **names):
    conf = ours.issue("front", names.get("san", "DNS:front.example"))
    return Front(t.dir, server.conf["bindPort"], conf[TLS + "certFile"],
                 conf[TLS + "keyFile"])


@timeout(120)
def test_wss_reaches_a_server_behind_a_front(t):
    ours, theirs = Authority(t, "ours"), Authority(t, "theirs")
    good = {**WSS, TLS + "trustedCaFile": ours.cert,
            TLS + "serverName": "front.example"}
    for mux in (True, False):
        bare = {"transport.tcpMux": mux}
        server = t.frps(bare, name=f"frps{mux}")
        nginx = front(t, server, ours)
        for i, more in enumerate((good, {**good, TLS + "enable": False},
                                  {**good, TLS + "disableCustomTLSFirstByte":
                                   False}, WSS)):
            row = tcp_proxy(f"d{i}", DuplexServer().port)
            client = t.frpc(nginx, [row], {**bare, **more},
                            name=f"frpc{mux}{i}")
            carries(row["remotePort"])
            client.stop()
        nginx.stop()
    nginx = front(t, server, ours)
    for i, more in enumerate(({TLS + "serverName": "other.example"},
                              {TLS + "trustedCaFile": theirs.cert})):
        client = t.frpc(nginx, [], {**good, **more}, name=f"wrong{i}")
        check(client.wait(15) == 1)
        client.wait_line("connect to server error: TLS handshake failed: ")


def test_wss_without_a_front_is_no_server_that_answers(t):
    client = t.frpc(t.frps(), [], WSS)
    check(client.wait(15) == 1)
    client.wait_line("connect to server error: ")


def test_a_request_that_lacks_something_ends_only_itself(t):
    pair = Pair(t, EchoServer(), client=WS)
    port = pair.server.conf["bindPort"]
    for status, other in ((403, {"Origin": None}), (403, {"Origin": "x"}),
                          (400, {"Sec_WebSocket_Version": "8"}),
                          (400, {"Sec_WebSocket_Version": None}),
                          (400, {"Sec_WebSocket_Key": None}),
                          (400, {"Upgrade": None}),
                          (400, {"Connection": "close"}),
                          (404, {"path": "/~!frpx"})):
        said, text, s = ask(port, **other)
        check(said == status, f"{other}: {text}")
        check(ends(s) == b"")
    pair.server.wait_line(r"\[W\].* client \[127\.0\.0\.1:\d+\]: the "
                          "WebSocket request lacks what it needs")
    check(echo(pair.port, b"still there") == b"still there")
    check(not pair.client.says("lost"))


def test_garbage_behind_a_handshake_ends_only_itself(t):
    pair = Pair(t, EchoServer(), client=WS)
    port = pair.server.conf["bindPort"]
    for data in (b"\xff" * 100,                    # no such frame
                 frame(BINARY, b"x", mask=False),  # not masked
                 frame(BINARY, b"\xff" * 100),     # a frame, of garbage
                 frame(BINARY, b"GET /~!frp HTTP/1.1\r\n\r\n"),
                 frame(BINARY, b"\x17" + b"\xff" * 100),
                 frame(CLOSE), frame(CLOSE, b"\x03\xe8")):
        said, text, s = ask(port)
        accept = base64.b64encode(hashlib.sha1(
            HEAD["Sec-WebSocket-Key"].encode() +
            b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        check(said == 101 and f"Sec-WebSocket-Accept: {accept}\r\n" in text)
        s.sendall(data)
        ends(s)
    pair.server.wait_line(r"\[W\].* client \[127\.0\.0\.1:\d+\].*rules of "
                          "WebSocket")
    pair.server.wait_line("speaks WebSocket inside of WebSocket")
    check(echo(pair.port, b"still there") == b"still there")


def test_pings_are_answered_and_frames_may_be_cut_anywhere(t):
    server = t.frps({"transport.tcpMux": False})
    _, _, s = ask(server.conf["bindPort"])
    for data in (b"", b"hello", b"x" * 125):
        s.sendall(frame(PING, data))
        check(read_frame(s) == (PONG, data), "no pong")
    s.sendall(frame(PONG, b"nobody asked"))
    login = packed(LOGIN, {"version": "0.61.0", **signed("")})
    for i, part in enumerate((login[:1], login[1:7], login[7:])):
        s.sendall(frame((TEXT, BINARY, BINARY)[i], part))
        s.sendall(frame(PING, b"%d" % i))
    said = {}
    while LOGIN_RESP not in said.get(BINARY, b"")[:1] or len(
            said.get(PONG, b"")) < 3:
        opcode, data = read_frame(s)
        check(opcode is not None, "the end came")
        said[opcode] = said.get(opcode, b"") + data
    check(said[PONG] == b"012", said)
    s.close()
